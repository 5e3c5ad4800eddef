/*
 * The memory of keys, values and the tables of a store. Any thread may call any function.
 */
#ifndef KV_MEMORY_H
#define KV_MEMORY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct kv_memory {
    /* Bytes in use, with those that malloc(3) adds to each block; at most max. Relaxed: it orders
     * nothing. Blocks that threads share are passed under the lock of a shard. */
    _Atomic uint64_t used;
    uint64_t max; /* never changes while threads run */
};

/* As malloc(3), calloc(3), and realloc(3) for a block of old bytes, or NULL and 0. NULL: it would
 * be more than max, or there is no memory; an old block is unchanged. */
void *kv_memory_new(struct kv_memory *memory, size_t size);
void *kv_memory_new_zeroed(struct kv_memory *memory, size_t size);
void *kv_memory_grow(struct kv_memory *memory, void *block, size_t old, size_t size);

/* size is that of the block. NULL is allowed. */
void kv_memory_free(struct kv_memory *memory, void *block, size_t size);

#endif
