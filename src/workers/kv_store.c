#include "kv_store.h"

#include "integer.h"
#include "kv_shard.h"
#include "siphash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SHARD_BITS 6u
#define SHARDS     (1u << SHARD_BITS)

struct kv_store {
    struct siphash_key key; /* random: nobody can choose keys that all fall into one bucket */
    struct kv_shard shards[SHARDS];
};

int64_t kv_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct kv_store *kv_store_new(void)
{
    struct kv_store *store = calloc(1, sizeof *store);

    if (store == NULL)
        return NULL;
    bool is_whole = getrandom(&store->key, sizeof store->key, 0) == sizeof store->key;
    for (size_t i = 0; i < SHARDS; i++)
        is_whole = kv_shard_init(&store->shards[i]) && is_whole;
    if (is_whole)
        return store;
    kv_store_free(store);
    return NULL;
}

void kv_store_free(struct kv_store *store)
{
    for (size_t i = 0; i < SHARDS; i++)
        kv_shard_deinit(&store->shards[i]);
    free(store);
}

/* Locks the key's shard, and finds the key in it. */
static struct kv_place find_locked(struct kv_store *store, struct kv_bytes key)
{
    uint64_t hash = siphash(&store->key, key.bytes, key.size);
    /* The shard by the highest bits: the buckets go by the lowest. */
    struct kv_shard *shard = &store->shards[hash >> (64 - SHARD_BITS)];

    pthread_mutex_lock(&shard->lock);
    return kv_shard_find(shard, hash, key);
}

static void unlock(const struct kv_place *place)
{
    pthread_mutex_unlock(&place->shard->lock);
}

static enum kv_result copy_value(const struct kv_entry *entry, struct kv_copy *copy)
{
    if (copy->capacity < entry->value_size) {
        char *bytes = realloc(copy->bytes, entry->value_size);
        if (bytes == NULL)
            return KV_NO_MEMORY;
        copy->bytes = bytes;
        copy->capacity = entry->value_size;
    }
    copy->size = entry->value_size;
    if (copy->size > 0)
        memcpy(copy->bytes, entry->bytes + entry->key_size, copy->size);
    return KV_OK;
}

enum kv_result kv_get(struct kv_store *store, struct kv_bytes key, struct kv_copy *value)
{
    struct kv_place place = find_locked(store, key);
    enum kv_result result = *place.link == NULL ? KV_NONE : copy_value(*place.link, value);

    unlock(&place);
    return result;
}

enum kv_result kv_set(struct kv_store *store, struct kv_bytes key, struct kv_bytes value,
                      int64_t expires, enum kv_condition condition)
{
    struct kv_place place = find_locked(store, key);
    bool holds = condition == KV_ALWAYS || (condition == KV_IF_PRESENT) == (*place.link != NULL);
    enum kv_result result = holds ? kv_shard_put(&place, key, value, expires) : KV_NONE;

    unlock(&place);
    return result;
}

enum kv_result kv_delete(struct kv_store *store, struct kv_bytes key)
{
    struct kv_place place = find_locked(store, key);
    enum kv_result result = *place.link == NULL ? KV_NONE : KV_OK;

    if (result == KV_OK)
        kv_shard_remove(&place);
    unlock(&place);
    return result;
}

static enum kv_result add_locked(struct kv_place *place, struct kv_bytes key, long long amount,
                                 long long *sum)
{
    const struct kv_entry *entry = *place->link;
    char digits[INTEGER_MOST];
    long long number = 0;

    if (entry != NULL && !integer_read(entry->bytes + entry->key_size, entry->value_size, &number))
        return KV_NOT_INTEGER;
    if (__builtin_add_overflow(number, amount, sum))
        return KV_OVERFLOW;
    struct kv_bytes value = {digits, integer_write(*sum, digits)};
    return kv_shard_put(place, key, value, entry == NULL ? KV_NEVER : entry->expires);
}

enum kv_result kv_add(struct kv_store *store, struct kv_bytes key, long long amount, long long *sum)
{
    struct kv_place place = find_locked(store, key);
    enum kv_result result = add_locked(&place, key, amount, sum);

    unlock(&place);
    return result;
}

enum kv_result kv_set_expiry(struct kv_store *store, struct kv_bytes key, int64_t expires)
{
    struct kv_place place = find_locked(store, key);
    enum kv_result result = *place.link == NULL ? KV_NONE : KV_OK;

    if (result == KV_OK)
        kv_shard_set_expiry(&place, expires);
    unlock(&place);
    return result;
}

enum kv_result kv_expiry(struct kv_store *store, struct kv_bytes key, int64_t *expires)
{
    struct kv_place place = find_locked(store, key);
    enum kv_result result = *place.link == NULL ? KV_NONE : KV_OK;

    if (result == KV_OK)
        *expires = (*place.link)->expires;
    unlock(&place);
    return result;
}

size_t kv_count(struct kv_store *store)
{
    size_t count = 0;

    for (size_t i = 0; i < SHARDS; i++) {
        struct kv_shard *shard = &store->shards[i];
        pthread_mutex_lock(&shard->lock);
        kv_shard_sweep(shard);
        count += shard->count;
        pthread_mutex_unlock(&shard->lock);
    }
    return count;
}

void kv_clear(struct kv_store *store)
{
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&store->shards[i].lock);
        kv_shard_clear(&store->shards[i]);
        pthread_mutex_unlock(&store->shards[i].lock);
    }
}
