#include "kv_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define SHARDS        64u
#define BUCKETS_FIRST 16u

struct entry {
    struct entry *next;
    uint64_t hash;
    int64_t expires; /* on kv_now's clock, or KV_NEVER */
    size_t key_size;
    size_t value_size;
    size_t room;  /* bytes at bytes */
    char bytes[]; /* the key, then the value */
};

struct shard {
    pthread_mutex_t lock;
    struct entry **buckets; /* lock; bucket_count of them, a power of two */
    size_t bucket_count;    /* lock */
    size_t count;           /* lock */
};

struct kv_store {
    uint64_t seed; /* nobody can choose keys that all fall into one bucket */
    struct shard shards[SHARDS];
};

int64_t kv_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Eight bytes a step, mixed by multiply and shift, from a random seed. */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = size;
        memcpy(&word, bytes + i, size - i < 8 ? size - i : 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ hash >> 29;
}

struct kv_store *kv_store_new(void)
{
    struct kv_store *store = calloc(1, sizeof *store);

    if (store == NULL)
        return NULL;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&store->shards[i].lock, NULL);
        store->shards[i].bucket_count = BUCKETS_FIRST;
        store->shards[i].buckets = calloc(BUCKETS_FIRST, sizeof(struct entry *));
    }
    bool is_whole = getrandom(&store->seed, sizeof store->seed, 0) == sizeof store->seed;
    for (size_t i = 0; i < SHARDS; i++)
        is_whole = is_whole && store->shards[i].buckets != NULL;
    if (is_whole)
        return store;
    kv_store_free(store);
    return NULL;
}

static void clear_locked(struct shard *shard)
{
    for (size_t i = 0; shard->buckets != NULL && i < shard->bucket_count; i++) {
        while (shard->buckets[i] != NULL) {
            struct entry *entry = shard->buckets[i];
            shard->buckets[i] = entry->next;
            free(entry);
        }
    }
    shard->count = 0;
}

void kv_store_free(struct kv_store *store)
{
    for (size_t i = 0; i < SHARDS; i++) {
        clear_locked(&store->shards[i]);
        free(store->shards[i].buckets);
        pthread_mutex_destroy(&store->shards[i].lock);
    }
    free(store);
}

/* ---- one shard; its lock is held from find_locked to unlock ---- */

/* Where a key is linked, or would be. */
struct place {
    struct shard *shard;
    struct entry **link;
    uint64_t hash;
};

static void unlock(const struct place *place)
{
    pthread_mutex_unlock(&place->shard->lock);
}

static void remove_locked(struct place *place)
{
    struct entry *entry = *place->link;

    *place->link = entry->next;
    free(entry);
    place->shard->count--;
}

/* Locks the key's shard. Afterwards *link is its entry, or NULL; one that has expired is removed.
 */
static struct place find_locked(struct kv_store *store, struct kv_bytes key)
{
    struct place place = {.hash = hash_bytes(store->seed, key.bytes, key.size)};

    place.shard = &store->shards[place.hash % SHARDS];
    pthread_mutex_lock(&place.shard->lock);
    size_t bucket = place.hash / SHARDS & (place.shard->bucket_count - 1);
    place.link = &place.shard->buckets[bucket];
    while (*place.link != NULL &&
           ((*place.link)->hash != place.hash || (*place.link)->key_size != key.size ||
            memcmp((*place.link)->bytes, key.bytes, key.size) != 0))
        place.link = &(*place.link)->next;
    if (*place.link != NULL && (*place.link)->expires != KV_NEVER &&
        (*place.link)->expires <= kv_now()) {
        remove_locked(&place);
        unlock(&place);
        return find_locked(store, key); /* the link is another's now */
    }
    return place;
}

/* Doubles the buckets when entries are as many. Without memory the chains get longer, no more. */
static void grow_locked(struct shard *shard)
{
    size_t count = shard->bucket_count * 2;
    struct entry **buckets = calloc(count, sizeof(struct entry *));

    if (buckets == NULL)
        return;
    for (size_t i = 0; i < shard->bucket_count; i++) {
        while (shard->buckets[i] != NULL) {
            struct entry *entry = shard->buckets[i];
            struct entry **bucket = &buckets[entry->hash / SHARDS & (count - 1)];
            shard->buckets[i] = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    free(shard->buckets);
    shard->buckets = buckets;
    shard->bucket_count = count;
}

/* Puts an entry of this key and value at the place, over the one that is there. */
static enum kv_result put_locked(struct place *place, struct kv_bytes key, struct kv_bytes value,
                                 int64_t expires)
{
    struct entry *entry = *place->link;

    if (entry == NULL || entry->room < key.size + value.size) {
        size_t room = key.size + value.size;
        struct entry *larger = realloc(entry, sizeof *entry + room);
        if (larger == NULL)
            return KV_NO_MEMORY;
        if (entry == NULL) {
            *larger = (struct entry){.hash = place->hash, .key_size = key.size};
            memcpy(larger->bytes, key.bytes, key.size);
            place->shard->count++;
        }
        larger->room = room;
        *place->link = entry = larger;
    }
    memcpy(entry->bytes + key.size, value.bytes, value.size);
    entry->value_size = value.size;
    entry->expires = expires;
    if (place->shard->count > place->shard->bucket_count)
        grow_locked(place->shard);
    return KV_OK;
}

/* ---- what the header says ---- */

static enum kv_result copy_value(const struct entry *entry, struct kv_copy *copy)
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
    struct place place = find_locked(store, key);
    enum kv_result result = *place.link == NULL ? KV_NONE : copy_value(*place.link, value);

    unlock(&place);
    return result;
}

enum kv_result kv_set(struct kv_store *store, struct kv_bytes key, struct kv_bytes value,
                      int64_t expires, enum kv_condition condition)
{
    struct place place = find_locked(store, key);
    bool holds = condition == KV_ALWAYS || (condition == KV_IF_PRESENT) == (*place.link != NULL);
    enum kv_result result = holds ? put_locked(&place, key, value, expires) : KV_NONE;

    unlock(&place);
    return result;
}

enum kv_result kv_delete(struct kv_store *store, struct kv_bytes key)
{
    struct place place = find_locked(store, key);
    enum kv_result result = *place.link == NULL ? KV_NONE : KV_OK;

    if (result == KV_OK)
        remove_locked(&place);
    unlock(&place);
    return result;
}

static bool read_integer(const struct entry *entry, long long *number)
{
    char digits[24];
    char *end;

    if (entry->value_size == 0 || entry->value_size >= sizeof digits)
        return false;
    memcpy(digits, entry->bytes + entry->key_size, entry->value_size);
    digits[entry->value_size] = '\0';
    errno = 0;
    *number = strtoll(digits, &end, 10);
    /* Only what a number is written as: strtoll would take blanks, + and leading zeros. */
    char again[24];
    snprintf(again, sizeof again, "%lld", *number);
    return errno == 0 && *end == '\0' && strcmp(digits, again) == 0;
}

static enum kv_result add_locked(struct place *place, struct kv_bytes key, long long amount,
                                 long long *sum)
{
    const struct entry *entry = *place->link;
    char digits[24];
    long long number = 0;

    if (entry != NULL && !read_integer(entry, &number))
        return KV_NOT_INTEGER;
    if (__builtin_add_overflow(number, amount, sum))
        return KV_OVERFLOW;
    struct kv_bytes value = {digits, (size_t)snprintf(digits, sizeof digits, "%lld", *sum)};
    return put_locked(place, key, value, entry == NULL ? KV_NEVER : entry->expires);
}

enum kv_result kv_add(struct kv_store *store, struct kv_bytes key, long long amount, long long *sum)
{
    struct place place = find_locked(store, key);
    enum kv_result result = add_locked(&place, key, amount, sum);

    unlock(&place);
    return result;
}

enum kv_result kv_set_expiry(struct kv_store *store, struct kv_bytes key, int64_t expires)
{
    struct place place = find_locked(store, key);
    enum kv_result result = *place.link == NULL ? KV_NONE : KV_OK;

    if (result == KV_OK)
        (*place.link)->expires = expires;
    unlock(&place);
    return result;
}

enum kv_result kv_expiry(struct kv_store *store, struct kv_bytes key, int64_t *expires)
{
    struct place place = find_locked(store, key);
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
        pthread_mutex_lock(&store->shards[i].lock);
        count += store->shards[i].count;
        pthread_mutex_unlock(&store->shards[i].lock);
    }
    return count;
}

void kv_clear(struct kv_store *store)
{
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_lock(&store->shards[i].lock);
        clear_locked(&store->shards[i]);
        pthread_mutex_unlock(&store->shards[i].lock);
    }
}
