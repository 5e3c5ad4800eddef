/* The operations of a store that change an entry depending on what it is. */
#include "kv_store.h"

#include "kv_shard.h"

/* How often kv_append tries without the lock. */
#define ATTEMPTS 4

struct kv_entry *kv_take(struct kv_store *store, struct kv_bytes key)
{
    uint64_t hash = kv_hash(store, key);
    struct kv_shard *shard = kv_shard_lock(store, hash);
    struct kv_entry **link = kv_table_find(&shard->table, hash, key);
    struct kv_entry *entry = kv_table_live(&shard->table, link);

    if (entry != NULL)
        kv_table_remove(&shard->table, link);
    kv_shard_trim_and_unlock(shard);
    return entry;
}

/* Replaces an entry that the caller has seen, or NULL for none. KV_NONE: it is not the entry of the
 * key any more. Takes the reference of the caller to the new entry. */
static enum kv_result replace_seen(struct kv_store *store, const struct kv_entry *seen,
                                   struct kv_entry *entry)
{
    struct kv_bytes key = kv_entry_key(entry);
    struct kv_shard *shard = kv_shard_lock(store, entry->hash);
    struct kv_table *table = &shard->table;
    struct kv_entry *released = entry;
    enum kv_result result = KV_NONE;

    if (kv_table_live(table, kv_table_find(table, entry->hash, key)) == seen) {
        released = NULL;
        result = kv_put_locked(table, entry, KV_KEEP, KV_ALWAYS, &released);
        if (result != KV_OK)
            released = entry;
    }
    kv_shard_unlock(shard);
    kv_release(store, released);
    return result;
}

/* Appends to the value that the key has now. KV_NONE: another thread has changed it in the
 * meantime. */
static enum kv_result try_append(struct kv_store *store, struct kv_bytes key,
                                 struct kv_bytes suffix, size_t most, size_t *size)
{
    struct kv_entry *seen = kv_get(store, key);
    struct kv_bytes value = seen == NULL ? (struct kv_bytes){"", 0} : kv_entry_value(seen);
    struct kv_entry *joined = NULL;
    enum kv_result result = KV_TOO_LONG;

    *size = value.size + suffix.size;
    if (*size <= most) {
        joined = kv_entry_join(&store->memory, kv_hash(store, key), key, value, suffix);
        result = joined == NULL ? KV_NO_MEMORY : replace_seen(store, seen, joined);
    }
    kv_release(store, seen);
    return result;
}

/* The value is copied without the lock, because it may be large. If other threads change it each
 * time, the last attempt has the lock, and succeeds. */
enum kv_result kv_append(struct kv_store *store, struct kv_bytes key, struct kv_bytes suffix,
                         size_t most, size_t *size)
{
    enum kv_result result = KV_NONE;

    for (int i = 0; i < ATTEMPTS && result == KV_NONE; i++)
        result = try_append(store, key, suffix, most, size);
    if (result == KV_NONE) {
        struct kv_shard *shard = kv_shard_lock(store, kv_hash(store, key));
        result = try_append(store, key, suffix, most, size);
        kv_shard_unlock(shard);
    }
    return result;
}

static bool allows(unsigned conditions, int64_t current, int64_t expires)
{
    bool is_never = current == KV_NEVER;

    return ((conditions & KV_IF_NEVER) == 0 || is_never) &&
           ((conditions & KV_IF_EXPIRES) == 0 || !is_never) &&
           ((conditions & KV_IF_LATER) == 0 || (!is_never && expires > current)) &&
           ((conditions & KV_IF_SOONER) == 0 || is_never || expires < current);
}

/* *removed is the entry if it was removed. */
static enum kv_result set_expiry_locked(struct kv_table *table, struct kv_entry **link,
                                        int64_t expires, unsigned conditions,
                                        struct kv_entry **removed)
{
    struct kv_entry *entry = kv_table_live(table, link);

    if (entry == NULL || !allows(conditions, kv_heap_expiry(&table->heap, entry), expires))
        return KV_NONE;
    if (expires != KV_NEVER && expires <= kv_now()) {
        *removed = kv_table_remove(table, link);
        return KV_OK;
    }
    if (expires != KV_NEVER && entry->heap_number == 0 &&
        !kv_heap_reserve(&table->heap, table->memory))
        return KV_NO_MEMORY;
    kv_heap_set(&table->heap, entry, expires);
    entry->version = ++table->version;
    return KV_OK;
}

enum kv_result kv_set_expiry(struct kv_store *store, struct kv_bytes key, int64_t expires,
                             unsigned conditions)
{
    uint64_t hash = kv_hash(store, key);
    struct kv_entry *removed = NULL;
    struct kv_shard *shard = kv_shard_lock(store, hash);
    enum kv_result result = set_expiry_locked(
        &shard->table, kv_table_find(&shard->table, hash, key), expires, conditions, &removed);

    kv_shard_trim_and_unlock(shard);
    kv_release(store, removed);
    return result;
}
