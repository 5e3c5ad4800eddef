/*
 * A table of keys and values, each of any bytes, shared by threads. It is split into shards; each
 * has a lock. A key may expire; an expired key is never found. Any thread may call any function. No
 * lock is held when a function returns, except kv_lock: values are entries to which the caller has
 * a reference.
 */
#ifndef KV_STORE_H
#define KV_STORE_H

#include "kv_bytes.h"
#include "kv_clock.h"
#include "kv_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kv_store;

enum kv_result {
    KV_OK,
    KV_NONE,        /* there is no such key, or the condition is false */
    KV_NOT_INTEGER, /* the value is not an integer of 64 bits */
    KV_OVERFLOW,    /* the sum would not fit in 64 bits */
    KV_TOO_LONG,    /* the value would be too long */
    KV_NO_MEMORY,   /* nothing has changed */
};

enum kv_condition { KV_ALWAYS, KV_IF_ABSENT, KV_IF_PRESENT };

/* The keys, values and tables have at most max_memory bytes. kv_store_new returns NULL without
 * memory. When a store is freed, no other thread may use it. Freeing NULL is allowed. */
struct kv_store *kv_store_new(uint64_t max_memory);
void kv_store_free(struct kv_store *store);

/* The entry of the key; the caller releases it with kv_release. NULL: there is none. */
struct kv_entry *kv_get(struct kv_store *store, struct kv_bytes key);

/* Releases a reference. NULL is allowed. */
void kv_release(struct kv_store *store, struct kv_entry *entry);

/* Of a key without an entry: 0 and KV_NEVER. Two versions of a key are equal if value and expiry
 * have not been set in between, or if the key was absent both times. */
struct kv_state {
    uint64_t version;
    int64_t expires; /* or KV_NEVER */
};
struct kv_state kv_state(struct kv_store *store, struct kv_bytes key);

/* Replaces value and expiry (on the clock of kv_now, or KV_KEEP). before may be NULL. Otherwise the
 * caller sets *before to NULL first, and releases it after every result: it is the earlier entry,
 * also if the condition is false. */
enum kv_result kv_set(struct kv_store *store, struct kv_bytes key, struct kv_bytes value,
                      int64_t expires, enum kv_condition condition, struct kv_entry **before);

/* Removes the entry of the key and returns it; the caller releases it. NULL: there is none. */
struct kv_entry *kv_take(struct kv_store *store, struct kv_bytes key);

/* Appends to a value, or to an empty one if the key does not exist; *size is the size of the
 * result, which may have most bytes. KV_OK, KV_TOO_LONG or KV_NO_MEMORY. */
enum kv_result kv_append(struct kv_store *store, struct kv_bytes key, struct kv_bytes suffix,
                         size_t most, size_t *size);

/* Adds to a number, or to 0 if the key does not exist; *sum is the result. */
enum kv_result kv_add(struct kv_store *store, struct kv_bytes key, long long amount,
                      long long *sum);

/* Conditions for a new expiry: all that are set must be true. A key that does not expire expires
 * later than all others. */
enum kv_expiry_condition {
    KV_IF_NEVER = 1u << 0,   /* the key does not expire */
    KV_IF_EXPIRES = 1u << 1, /* it expires */
    KV_IF_LATER = 1u << 2,   /* the new time is later */
    KV_IF_SOONER = 1u << 3,  /* the new time is sooner */
};

/* Sets the expiry of an existing key. A time that has passed removes the key. */
enum kv_result kv_set_expiry(struct kv_store *store, struct kv_bytes key, int64_t expires,
                             unsigned conditions);

/* ---- several keys, atomically: other threads see the whole effect or nothing ---- */

/* As kv_get for each of count keys. */
void kv_get_several(struct kv_store *store, const struct kv_bytes *keys, size_t count,
                    struct kv_entry **entries);

/* pairs has 2 * count elements: a key, its value, and so on. If a key occurs twice, the last value
 * counts. KV_OK or KV_NO_MEMORY. */
enum kv_result kv_set_several(struct kv_store *store, const struct kv_bytes *pairs, size_t count);

/* Returns how many keys existed. */
size_t kv_delete(struct kv_store *store, const struct kv_bytes *keys, size_t count);

/* How many of the keys exist; a key that occurs twice counts twice. */
size_t kv_count_of(struct kv_store *store, const struct kv_bytes *keys, size_t count);

/* The numbers of keys, including expired ones that are not freed yet. */
struct kv_counts {
    size_t keys;
    size_t expiring; /* keys that expire, or have expired */
};
struct kv_counts kv_counts(struct kv_store *store);

/* The account of the store's entries. */
struct kv_memory *kv_memory_of(struct kv_store *store);

/* The bytes that the store uses. */
uint64_t kv_memory_used(const struct kv_store *store);

/* Removes all keys. Needs no memory. */
void kv_clear(struct kv_store *store);

/* ---- several operations, atomically ---- */

/* One bit for each shard. */
typedef uint64_t kv_shards;
#define KV_ALL_SHARDS UINT64_MAX

kv_shards kv_shard_of(const struct kv_store *store, struct kv_bytes key);

/* From kv_lock to kv_unlock no other thread can use these shards. The thread must not call kv_lock
 * again, and its operations must only use keys of these shards: locks are taken in the order of the
 * shards. */
void kv_lock(struct kv_store *store, kv_shards shards);
void kv_unlock(struct kv_store *store, kv_shards shards);

/* ---- one shard after another ---- */

/* Frees expired entries. Returns when the next key expires, or KV_NEVER. */
int64_t kv_sweep(struct kv_store *store);

/* {0} is an empty list. */
struct kv_found {
    struct kv_entry **entries; /* owned, with a reference to each; count of them */
    size_t count, room;
};

/* One step of a scan, which begins with *cursor 0 and ends when it is 0 again. Appends some
 * entries, or none. An entry that the store has from the first step to the last is appended at
 * least once; and once only, unless kv_clear or expiry empties a shard in between. KV_OK or
 * KV_NO_MEMORY. */
enum kv_result kv_scan(struct kv_store *store, uint64_t *cursor, struct kv_found *found);

#endif
