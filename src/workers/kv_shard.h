/*
 * One shard of a kv_store: a hash table with its lock. Whoever calls holds the lock from the find
 * to the last use of its place.
 */
#ifndef KV_SHARD_H
#define KV_SHARD_H

#include "kv_store.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kv_entry {
    struct kv_entry *next;
    uint64_t hash;
    int64_t expires; /* on kv_now's clock, or KV_NEVER; written by kv_shard_* only */
    size_t key_size;
    size_t value_size;
    size_t room;  /* bytes at bytes */
    char bytes[]; /* the key, then the value */
};

struct kv_shard {
    pthread_mutex_t lock;
    struct kv_entry **buckets; /* lock; bucket_count of them, a power of two */
    size_t bucket_count;       /* lock */
    size_t count;              /* lock; entries, expired ones too */
    int64_t soonest;           /* lock; nothing here expires before */
};

/* Where a key is linked, or would be: *link is its entry, or NULL. */
struct kv_place {
    struct kv_shard *shard;
    struct kv_entry **link;
    uint64_t hash;
};

/* False when there is no memory; kv_shard_deinit is due all the same. */
bool kv_shard_init(struct kv_shard *shard);
void kv_shard_deinit(struct kv_shard *shard);

/* Finds a key; what has expired under it is removed. */
struct kv_place kv_shard_find(struct kv_shard *shard, uint64_t hash, struct kv_bytes key);

/* Puts an entry of this key and value at the key's place, over the one that is there. The place is
 * used up. */
enum kv_result kv_shard_put(struct kv_place *place, struct kv_bytes key, struct kv_bytes value,
                            int64_t expires);

/* Removes the entry at the place, which is used up. */
void kv_shard_remove(struct kv_place *place);

void kv_shard_set_expiry(struct kv_place *place, int64_t expires);

/* Removes what has expired. */
void kv_shard_sweep(struct kv_shard *shard);
void kv_shard_clear(struct kv_shard *shard);

#endif
