/*
 * A table of keys and values, both any bytes, shared by threads. Split into shards with a lock
 * each. A key may expire; one that has is never found. Any thread may call any of these. No lock is
 * held when one returns: values are entries that the caller has a reference to.
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
    KV_NONE,        /* there is no such key, or the condition does not hold */
    KV_NOT_INTEGER, /* the value is no whole number of 64 bits */
    KV_OVERFLOW,    /* the sum would not be */
    KV_NO_MEMORY,   /* nothing has changed */
};

enum kv_condition { KV_ALWAYS, KV_IF_ABSENT, KV_IF_PRESENT };

/* NULL when there is no memory. No thread may use it any more when it is freed; NULL may be. */
struct kv_store *kv_store_new(void);
void kv_store_free(struct kv_store *store);

/* The key's entry, to be released; NULL: there is none. */
struct kv_entry *kv_get(struct kv_store *store, struct kv_bytes key);

/* Replaces value and expiry (on kv_now's clock). */
enum kv_result kv_set(struct kv_store *store, struct kv_bytes key, struct kv_bytes value,
                      int64_t expires, enum kv_condition condition);

/* Adds to a number, 0 where there is none; *sum is the result. */
enum kv_result kv_add(struct kv_store *store, struct kv_bytes key, long long amount,
                      long long *sum);

/* Sets and reads the expiry of a key that is there. */
enum kv_result kv_set_expiry(struct kv_store *store, struct kv_bytes key, int64_t expires);
enum kv_result kv_expiry(struct kv_store *store, struct kv_bytes key, int64_t *expires);

/* ---- of several keys at one moment: others see all of it or nothing ---- */

/* As kv_get for each of count keys. */
void kv_get_several(struct kv_store *store, const struct kv_bytes *keys, size_t count,
                    struct kv_entry **entries);

/* pairs are 2 * count: a key, its value, and so on. The last of a key that comes twice counts.
 * KV_OK or KV_NO_MEMORY. */
enum kv_result kv_set_several(struct kv_store *store, const struct kv_bytes *pairs, size_t count);

/* How many there were. */
size_t kv_delete(struct kv_store *store, const struct kv_bytes *keys, size_t count);

/* How many there are; a key that comes twice counts twice. */
size_t kv_count_of(struct kv_store *store, const struct kv_bytes *keys, size_t count);

/* How many keys there are, those too that have expired and are not swept yet. */
size_t kv_count(struct kv_store *store);

/* Empties it. Needs no memory. */
void kv_clear(struct kv_store *store);

/* ---- one shard after another ---- */

/* Frees what has expired. Returns when the next key does, or KV_NEVER. */
int64_t kv_sweep(struct kv_store *store);

#endif
