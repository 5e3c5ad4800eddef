/*
 * What the options of the command set.
 */
#ifndef KV_SETTINGS_H
#define KV_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

/* Sizes are in bytes. */
struct kv_settings {
    const char *password; /* NULL: clients need none. The caller keeps it valid until kv_fini. */
    uint64_t max_memory;  /* keys, values and the tables of the store together */
    size_t max_value;     /* a key, a value or another argument; KV_VALUE_MIN to KV_VALUE_MAX */
    size_t max_inline; /* a command that is a line, with its LF; KV_INLINE_MIN to KV_INLINE_MAX */
};

#define KV_VALUE_MIN      ((size_t)1024)
#define KV_VALUE_DEFAULT  ((size_t)16 * 1024 * 1024)
#define KV_VALUE_MAX      ((size_t)512 * 1024 * 1024) /* as in Redis */
#define KV_INLINE_MIN     ((size_t)1024)
#define KV_INLINE_DEFAULT ((size_t)64 * 1024) /* as in Redis */
#define KV_INLINE_MAX     ((size_t)16 * 1024 * 1024)

#endif
