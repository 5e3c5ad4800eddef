/*
 * The shards of a store, for kv_store.c and kv_several.c. A store is split so that threads with
 * different keys rarely wait for each other.
 */
#ifndef KV_SHARD_H
#define KV_SHARD_H

#include "kv_store.h"
#include "kv_table.h"
#include "siphash.h"

#include <pthread.h>
#include <stdint.h>

#define KV_SHARD_BITS 6u
#define KV_SHARDS     (1u << KV_SHARD_BITS)

struct kv_shard {
    pthread_mutex_t lock;
    struct kv_table table; /* lock */
};

struct kv_store {
    struct siphash_key
        key; /* random, so that a client cannot choose keys that all fall into one bucket */
    struct kv_shard shards[KV_SHARDS];
};

static inline uint64_t kv_hash(const struct kv_store *store, struct kv_bytes key)
{
    return siphash(&store->key, key.bytes, key.size);
}

/* Uses the highest bits, because the buckets use the lowest. */
static inline unsigned kv_shard_number(uint64_t hash)
{
    return (unsigned)(hash >> (64 - KV_SHARD_BITS));
}

#endif
