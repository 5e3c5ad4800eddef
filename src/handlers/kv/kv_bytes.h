/*
 * Bytes in memory that another struct owns: an argument of a command, a key, or a value.
 */
#ifndef KV_BYTES_H
#define KV_BYTES_H

#include <stddef.h>

struct kv_bytes {
    const char *bytes; /* any bytes; not terminated */
    size_t size;
};

#endif
