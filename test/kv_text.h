/*
 * Keys and values of kv as strings, for tests.
 */
#ifndef KV_TEXT_H
#define KV_TEXT_H

#include "../src/handlers/kv/kv_bytes.h"

#include <string.h>

static inline struct kv_bytes bytes_of(const char *text)
{
    return (struct kv_bytes){text, strlen(text)};
}

#endif
