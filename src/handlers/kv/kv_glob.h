/*
 * The patterns of KEYS and SCAN: * for any bytes, ? for one byte, [a-z] for one of a set, [^a-z]
 * for one byte outside of a set, and \ before a byte that stands for itself. Odd patterns mean the
 * same as in Redis. Pure.
 */
#ifndef KV_GLOB_H
#define KV_GLOB_H

#include "kv_bytes.h"

#include <stdbool.h>

/* True if the pattern matches the whole text. Takes at most the product of both sizes in steps. */
bool kv_glob(struct kv_bytes pattern, struct kv_bytes text);

#endif
