/*
 * The shards of a store, for kv_store.c, kv_update.c, kv_several.c and kv_scan.c. A store is split
 * so that threads with different keys rarely wait for each other.
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
    pthread_mutex_t lock;  /* recursive: in a transaction the thread has it already */
    struct kv_table table; /* lock */
};

struct kv_store {
    struct kv_memory memory;
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

static inline struct kv_shard *kv_shard_lock(struct kv_store *store, uint64_t hash)
{
    struct kv_shard *shard = &store->shards[kv_shard_number(hash)];

    pthread_mutex_lock(&shard->lock);
    return shard;
}

static inline void kv_shard_unlock(struct kv_shard *shard)
{
    pthread_mutex_unlock(&shard->lock);
}

/* Unlocks the shard. If its table or its heap is empty, their memory is freed. For use after
 * entries were removed. */
void kv_shard_trim_and_unlock(struct kv_shard *shard);

/* The entry of the key, with one more reference; NULL: there is none. */
struct kv_entry *kv_hold_locked(const struct kv_table *table, uint64_t hash, struct kv_bytes key);

/* Puts the entry, if the condition is true. expires may be KV_KEEP. *old is the replaced entry; it
 * does not change if none was replaced. */
enum kv_result kv_put_locked(struct kv_table *table, struct kv_entry *entry, int64_t expires,
                             enum kv_condition condition, struct kv_entry **old);

#endif
