#include "kv_shard.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 16u

bool kv_shard_init(struct kv_shard *shard)
{
    pthread_mutex_init(&shard->lock, NULL);
    shard->buckets = calloc(BUCKETS_FIRST, sizeof(struct kv_entry *));
    shard->bucket_count = shard->buckets == NULL ? 0 : BUCKETS_FIRST;
    shard->count = 0;
    shard->soonest = INT64_MAX;
    return shard->buckets != NULL;
}

void kv_shard_deinit(struct kv_shard *shard)
{
    kv_shard_clear(shard);
    free(shard->buckets);
    pthread_mutex_destroy(&shard->lock);
}

static struct kv_entry **bucket_of(const struct kv_shard *shard, uint64_t hash)
{
    return &shard->buckets[hash & (shard->bucket_count - 1)];
}

static bool has_expired(const struct kv_entry *entry, int64_t now)
{
    return entry->expires != KV_NEVER && entry->expires <= now;
}

static bool is_key(const struct kv_entry *entry, uint64_t hash, struct kv_bytes key)
{
    return entry->hash == hash && entry->key_size == key.size &&
           memcmp(entry->bytes, key.bytes, key.size) == 0;
}

static void unlink_entry(struct kv_shard *shard, struct kv_entry **link)
{
    struct kv_entry *entry = *link;

    *link = entry->next;
    free(entry);
    shard->count--;
}

struct kv_place kv_shard_find(struct kv_shard *shard, uint64_t hash, struct kv_bytes key)
{
    struct kv_entry **link = bucket_of(shard, hash);

    while (*link != NULL && !is_key(*link, hash, key))
        link = &(*link)->next;
    if (*link != NULL && (*link)->expires != KV_NEVER && has_expired(*link, kv_now())) {
        unlink_entry(shard, link);
        while (*link != NULL) /* others that follow it: the place is behind them */
            link = &(*link)->next;
    }
    return (struct kv_place){.shard = shard, .link = link, .hash = hash};
}

void kv_shard_remove(struct kv_place *place)
{
    unlink_entry(place->shard, place->link);
}

void kv_shard_set_expiry(struct kv_place *place, int64_t expires)
{
    (*place->link)->expires = expires;
    if (expires != KV_NEVER && expires < place->shard->soonest)
        place->shard->soonest = expires;
}

void kv_shard_sweep(struct kv_shard *shard)
{
    int64_t now = kv_now();

    if (now < shard->soonest)
        return;
    shard->soonest = INT64_MAX;
    for (size_t i = 0; i < shard->bucket_count; i++) {
        for (struct kv_entry **link = &shard->buckets[i]; *link != NULL;) {
            if (has_expired(*link, now)) {
                unlink_entry(shard, link);
                continue;
            }
            if ((*link)->expires != KV_NEVER && (*link)->expires < shard->soonest)
                shard->soonest = (*link)->expires;
            link = &(*link)->next;
        }
    }
}

void kv_shard_clear(struct kv_shard *shard)
{
    for (size_t i = 0; i < shard->bucket_count; i++) {
        while (shard->buckets[i] != NULL)
            unlink_entry(shard, &shard->buckets[i]);
    }
    shard->soonest = INT64_MAX;
}

/* Doubles the buckets. Without memory the chains get longer, no more. */
static void grow(struct kv_shard *shard)
{
    struct kv_entry **old = shard->buckets;
    size_t old_count = shard->bucket_count;
    struct kv_entry **buckets = calloc(old_count * 2, sizeof(struct kv_entry *));

    if (buckets == NULL)
        return;
    shard->buckets = buckets;
    shard->bucket_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++) {
        for (struct kv_entry *entry = old[i], *next; entry != NULL; entry = next) {
            struct kv_entry **bucket = bucket_of(shard, entry->hash);
            next = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
#if defined __GNUC__ && !defined __clang__ /* -fanalyzer misses that buckets hold the entries now  \
                                            */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
    free(old);
#if defined __GNUC__ && !defined __clang__
#pragma GCC diagnostic pop
#endif
}

/* Expired entries that nobody asks for go here, so they are never more than the buckets. It grows
 * while still half full, or sweeps that free little would follow each other. */
static void make_room(struct kv_shard *shard)
{
    if (shard->count <= shard->bucket_count)
        return;
    kv_shard_sweep(shard);
    if (shard->count > shard->bucket_count / 2)
        grow(shard);
}

/* The entry at the place, with room for so many bytes and not much more; its value is not kept.
 * NULL when there is no memory; then nothing has changed. */
static struct kv_entry *fit(struct kv_place *place, struct kv_bytes key, size_t room)
{
    struct kv_entry *old = *place->link;

    if (old != NULL && old->room >= room && old->room / 2 <= room)
        return old;
    struct kv_entry *entry = realloc(old, sizeof *entry + room);
    if (entry == NULL)
        return NULL;
    if (old == NULL) {
        *entry = (struct kv_entry){.hash = place->hash, .key_size = key.size};
        memcpy(entry->bytes, key.bytes, key.size);
        place->shard->count++;
    }
    entry->room = room;
    *place->link = entry;
    return entry;
}

enum kv_result kv_shard_put(struct kv_place *place, struct kv_bytes key, struct kv_bytes value,
                            int64_t expires)
{
    struct kv_entry *entry = fit(place, key, key.size + value.size);

    if (entry == NULL)
        return KV_NO_MEMORY;
    memcpy(entry->bytes + key.size, value.bytes, value.size);
    entry->value_size = value.size;
    kv_shard_set_expiry(place, expires);
    make_room(place->shard);
    return KV_OK;
}
