/* The operations of a store on several shards. Each takes the locks of all its shards in the order
 * of their numbers, so that no two threads wait for each other. Slow work, such as copying and
 * freeing values, is done before or after. */
#include "kv_store.h"

#include "kv_shard.h"

#include <string.h>

_Static_assert(KV_SHARDS == 64, "kv_shards has a bit for each shard");

static kv_shards shard_bit(uint64_t hash)
{
    return UINT64_C(1) << kv_shard_number(hash);
}

kv_shards kv_shard_of(const struct kv_store *store, struct kv_bytes key)
{
    return shard_bit(kv_hash(store, key));
}

static kv_shards shards_of(const struct kv_store *store, const struct kv_bytes *keys, size_t count)
{
    kv_shards set = 0;

    for (size_t i = 0; i < count && set != KV_ALL_SHARDS; i++)
        set |= kv_shard_of(store, keys[i]);
    return set;
}

/* Removes the lowest shard from a set that is not empty, and returns it. */
static struct kv_shard *take_shard(struct kv_store *store, kv_shards *set)
{
    struct kv_shard *shard = &store->shards[__builtin_ctzll(*set)];

    *set &= *set - 1;
    return shard;
}

void kv_lock(struct kv_store *store, kv_shards shards)
{
    while (shards != 0)
        pthread_mutex_lock(&take_shard(store, &shards)->lock);
}

void kv_unlock(struct kv_store *store, kv_shards shards)
{
    while (shards != 0)
        pthread_mutex_unlock(&take_shard(store, &shards)->lock);
}

static struct kv_table *table_of(struct kv_store *store, uint64_t hash)
{
    return &store->shards[kv_shard_number(hash)].table;
}

void kv_get_several(struct kv_store *store, const struct kv_bytes *keys, size_t count,
                    struct kv_entry **entries)
{
    kv_shards set = shards_of(store, keys, count);

    kv_lock(store, set);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = kv_hash(store, keys[i]);
        entries[i] = kv_hold_locked(table_of(store, hash), hash, keys[i]);
    }
    kv_unlock(store, set);
}

size_t kv_count_of(struct kv_store *store, const struct kv_bytes *keys, size_t count)
{
    kv_shards set = shards_of(store, keys, count);
    size_t found = 0;

    kv_lock(store, set);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = kv_hash(store, keys[i]);
        const struct kv_table *table = table_of(store, hash);
        found += kv_table_live(table, kv_table_find(table, hash, keys[i])) != NULL;
    }
    kv_unlock(store, set);
    return found;
}

static void push(struct kv_entry **list, struct kv_entry *entry)
{
    entry->next = *list;
    *list = entry;
}

static void trim_set(struct kv_store *store, kv_shards set)
{
    while (set != 0) {
        struct kv_shard *shard = take_shard(store, &set);
        pthread_mutex_lock(&shard->lock);
        kv_shard_trim_and_unlock(shard);
    }
}

size_t kv_delete(struct kv_store *store, const struct kv_bytes *keys, size_t count)
{
    kv_shards set = shards_of(store, keys, count);
    struct kv_entry *deleted = NULL;
    size_t found = 0;

    kv_lock(store, set);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = kv_hash(store, keys[i]);
        struct kv_table *table = table_of(store, hash);
        struct kv_entry **link = kv_table_find(table, hash, keys[i]);
        if (kv_table_live(table, link) == NULL)
            continue;
        push(&deleted, kv_table_remove(table, link));
        found++;
    }
    kv_unlock(store, set);
    if (found > 0)
        trim_set(store, set);
    kv_entry_release_list(&store->memory, deleted);
    return found;
}

/* Makes entries from the pairs, as a list in their order. False: no memory, and no entry is made.
 */
static bool make_entries(struct kv_store *store, const struct kv_bytes *pairs, size_t count,
                         struct kv_entry **first)
{
    struct kv_entry **end = first;

    for (size_t i = 0; i < count; i++, end = &(*end)->next) {
        const struct kv_bytes *pair = &pairs[2 * i];
        *end = kv_entry_new(&store->memory, kv_hash(store, pair[0]), pair[0], pair[1]);
        if (*end == NULL) {
            kv_entry_release_list(&store->memory, *first);
            return false;
        }
    }
    return true;
}

/* A table with some room accepts any number of entries, so nothing can fail after this. */
static bool reserve_locked(struct kv_store *store, kv_shards set)
{
    bool is_reserved = true;

    while (set != 0)
        is_reserved = kv_table_reserve(&take_shard(store, &set)->table) && is_reserved;
    return is_reserved;
}

/* Puts a list of entries. Returns the list of the replaced entries. */
static struct kv_entry *put_locked(struct kv_store *store, struct kv_entry *entry)
{
    struct kv_entry *replaced = NULL;

    while (entry != NULL) {
        struct kv_entry *next = entry->next;
        struct kv_table *table = table_of(store, entry->hash);
        kv_table_reserve(table);
        struct kv_entry **link = kv_table_find(table, entry->hash, kv_entry_key(entry));
        struct kv_entry *old = kv_table_put(table, link, entry, KV_NEVER);
        if (old != NULL)
            push(&replaced, old);
        entry = next;
    }
    return replaced;
}

enum kv_result kv_set_several(struct kv_store *store, const struct kv_bytes *pairs, size_t count)
{
    struct kv_entry *entries = NULL;
    kv_shards set = 0;

    if (!make_entries(store, pairs, count, &entries))
        return KV_NO_MEMORY;
    for (const struct kv_entry *entry = entries; entry != NULL; entry = entry->next)
        set |= shard_bit(entry->hash);
    kv_lock(store, set);
    bool is_reserved = reserve_locked(store, set);
    struct kv_entry *released = is_reserved ? put_locked(store, entries) : entries;
    kv_unlock(store, set);
    kv_entry_release_list(&store->memory, released);
    return is_reserved ? KV_OK : KV_NO_MEMORY;
}

struct kv_counts kv_counts(struct kv_store *store)
{
    struct kv_counts counts = {0};

    kv_lock(store, KV_ALL_SHARDS);
    for (size_t i = 0; i < KV_SHARDS; i++) {
        counts.keys += store->shards[i].table.count;
        counts.expiring += store->shards[i].table.heap.count;
    }
    kv_unlock(store, KV_ALL_SHARDS);
    return counts;
}

void kv_clear(struct kv_store *store)
{
    struct kv_table cleared[KV_SHARDS];

    kv_lock(store, KV_ALL_SHARDS);
    for (size_t i = 0; i < KV_SHARDS; i++)
        kv_table_take_all(&store->shards[i].table, &cleared[i]);
    kv_unlock(store, KV_ALL_SHARDS);
    for (size_t i = 0; i < KV_SHARDS; i++)
        kv_table_deinit(&cleared[i]);
}
