/*
 * A table of keys and values, both any bytes, shared by threads. Split into shards with a lock
 * each. A key may expire. One that has is never found or counted; it is removed when it is next
 * met, at a count, or when its shard is full. Any thread may call any of these.
 */
#ifndef KV_STORE_H
#define KV_STORE_H

#include "kv_bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kv_store;

/* A copy of a value. The memory is used again: start with {0}, free bytes at the end. */
struct kv_copy {
    char *bytes;
    size_t size;
    size_t capacity;
};

enum kv_result {
    KV_OK,
    KV_NONE,        /* there is no such key, or the condition does not hold */
    KV_NOT_INTEGER, /* the value is no whole number of 64 bits */
    KV_OVERFLOW,    /* the sum would not be */
    KV_NO_MEMORY,
};

enum kv_condition { KV_ALWAYS, KV_IF_ABSENT, KV_IF_PRESENT };

#define KV_NEVER 0 /* does not expire */

/* NULL when there is no memory. No thread may use it any more when it is freed. */
struct kv_store *kv_store_new(void);
void kv_store_free(struct kv_store *store);

/* Milliseconds on the clock that expiry goes by; it is monotonic. */
int64_t kv_now(void);

enum kv_result kv_get(struct kv_store *store, struct kv_bytes key, struct kv_copy *value);

/* Replaces value and expiry (on kv_now's clock). */
enum kv_result kv_set(struct kv_store *store, struct kv_bytes key, struct kv_bytes value,
                      int64_t expires, enum kv_condition condition);
enum kv_result kv_delete(struct kv_store *store, struct kv_bytes key);

/* Adds to a number, 0 where there is none; *sum is the result. */
enum kv_result kv_add(struct kv_store *store, struct kv_bytes key, long long amount,
                      long long *sum);

/* Sets and reads the expiry of a key that is there. */
enum kv_result kv_set_expiry(struct kv_store *store, struct kv_bytes key, int64_t expires);
enum kv_result kv_expiry(struct kv_store *store, struct kv_bytes key, int64_t *expires);

/* What others change meanwhile may be in it or not. */
size_t kv_count(struct kv_store *store);

/* Empties one shard after another: what others write meanwhile may stay. */
void kv_clear(struct kv_store *store);

#endif
