#include "kv_store.h"

#include "integer.h"
#include "kv_shard.h"

#include <stdlib.h>
#include <sys/random.h>

/* Removing an entry from the heap and its chain takes about 0.5 microseconds. */
#define SWEPT_AT_A_TIME 64u

struct kv_store *kv_store_new(uint64_t max_memory)
{
    struct kv_store *store = calloc(1, sizeof *store);

    if (store == NULL)
        return NULL;
    if (getrandom(&store->key, sizeof store->key, 0) != sizeof store->key) {
        free(store);
        return NULL;
    }
    store->memory.max = max_memory;
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    for (size_t i = 0; i < KV_SHARDS; i++) {
        pthread_mutex_init(&store->shards[i].lock, &recursive);
        store->shards[i].table.memory = &store->memory;
    }
    pthread_mutexattr_destroy(&recursive);
    return store;
}

void kv_store_free(struct kv_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < KV_SHARDS; i++) {
        kv_table_deinit(&store->shards[i].table);
        pthread_mutex_destroy(&store->shards[i].lock);
    }
    free(store);
}

struct kv_memory *kv_memory_of(struct kv_store *store)
{
    return &store->memory;
}

uint64_t kv_memory_used(const struct kv_store *store)
{
    return atomic_load_explicit(&store->memory.used, memory_order_relaxed);
}

void kv_release(struct kv_store *store, struct kv_entry *entry)
{
    kv_entry_release(&store->memory, entry);
}

struct kv_entry *kv_hold_locked(const struct kv_table *table, uint64_t hash, struct kv_bytes key)
{
    struct kv_entry *entry = kv_table_live(table, kv_table_find(table, hash, key));

    if (entry != NULL)
        kv_entry_hold(entry);
    return entry;
}

struct kv_entry *kv_get(struct kv_store *store, struct kv_bytes key)
{
    uint64_t hash = kv_hash(store, key);
    struct kv_shard *shard = kv_shard_lock(store, hash);
    struct kv_entry *entry = kv_hold_locked(&shard->table, hash, key);

    kv_shard_unlock(shard);
    return entry;
}

struct kv_state kv_state(struct kv_store *store, struct kv_bytes key)
{
    uint64_t hash = kv_hash(store, key);
    struct kv_shard *shard = kv_shard_lock(store, hash);
    const struct kv_entry *entry =
        kv_table_live(&shard->table, kv_table_find(&shard->table, hash, key));
    struct kv_state state = {0, KV_NEVER};

    if (entry != NULL)
        state = (struct kv_state){entry->version, kv_heap_expiry(&shard->table.heap, entry)};
    kv_shard_unlock(shard);
    return state;
}

enum kv_result kv_put_locked(struct kv_table *table, struct kv_entry *entry, int64_t expires,
                             enum kv_condition condition, struct kv_entry **old)
{
    if (!kv_table_reserve(table))
        return KV_NO_MEMORY;
    struct kv_entry **link = kv_table_find(table, entry->hash, kv_entry_key(entry));
    const struct kv_entry *live = kv_table_live(table, link);
    if (condition != KV_ALWAYS && (condition == KV_IF_PRESENT) != (live != NULL))
        return KV_NONE;
    if (expires == KV_KEEP)
        expires = live == NULL ? KV_NEVER : kv_heap_expiry(&table->heap, live);
    if (expires != KV_NEVER && !kv_heap_reserve(&table->heap, table->memory))
        return KV_NO_MEMORY;
    *old = kv_table_put(table, link, entry, expires);
    return KV_OK;
}

/* The new entry is made before the lock is taken, and the old one is released afterwards, because a
 * value may be large. */
enum kv_result kv_set(struct kv_store *store, struct kv_bytes key, struct kv_bytes value,
                      int64_t expires, enum kv_condition condition, struct kv_entry **before)
{
    struct kv_entry *entry = kv_entry_new(&store->memory, kv_hash(store, key), key, value);
    struct kv_entry *released = entry;

    if (entry == NULL)
        return KV_NO_MEMORY;
    struct kv_shard *shard = kv_shard_lock(store, entry->hash);
    if (before != NULL)
        *before = kv_hold_locked(&shard->table, entry->hash, key);
    enum kv_result result = kv_put_locked(&shard->table, entry, expires, condition, &released);
    kv_shard_unlock(shard);
    kv_release(store, released);
    return result;
}

static enum kv_result add_locked(struct kv_table *table, uint64_t hash, struct kv_bytes key,
                                 long long amount, long long *sum, struct kv_entry **old)
{
    const struct kv_entry *entry = kv_table_live(table, kv_table_find(table, hash, key));
    char digits[INTEGER_MOST];
    long long number = 0;

    if (entry != NULL) {
        struct kv_bytes value = kv_entry_value(entry);
        if (!integer_read(value.bytes, value.size, &number))
            return KV_NOT_INTEGER;
    }
    if (__builtin_add_overflow(number, amount, sum))
        return KV_OVERFLOW;
    struct kv_bytes value = {digits, integer_write(*sum, digits)};
    struct kv_entry *added = kv_entry_new(table->memory, hash, key, value);
    if (added == NULL)
        return KV_NO_MEMORY;
    enum kv_result result = kv_put_locked(table, added, KV_KEEP, KV_ALWAYS, old);
    if (result != KV_OK)
        kv_entry_release(table->memory, added);
    return result;
}

enum kv_result kv_add(struct kv_store *store, struct kv_bytes key, long long amount, long long *sum)
{
    uint64_t hash = kv_hash(store, key);
    struct kv_entry *old = NULL;
    struct kv_shard *shard = kv_shard_lock(store, hash);
    enum kv_result result = add_locked(&shard->table, hash, key, amount, sum, &old);

    kv_shard_unlock(shard);
    kv_release(store, old);
    return result;
}

void kv_shard_trim_and_unlock(struct kv_shard *shard)
{
    const struct kv_table *table = &shard->table;
    struct kv_table spare;

    if (table->count > 0 && (table->heap.count > 0 || table->heap.room == 0)) {
        kv_shard_unlock(shard);
        return;
    }
    kv_table_take_spare(&shard->table, &spare);
    kv_shard_unlock(shard);
    kv_table_deinit(&spare);
}

/* Removes expired entries, a few at a time, so that the lock is only held for some microseconds.
 * Returns when the next entry expires, or KV_NEVER. */
static int64_t sweep_shard(struct kv_store *store, struct kv_shard *shard, int64_t now)
{
    const struct kv_heap *heap = &shard->table.heap;
    struct kv_entry *expired;
    int64_t next;

    do {
        pthread_mutex_lock(&shard->lock);
        expired = kv_table_take_expired(&shard->table, now, SWEPT_AT_A_TIME);
        const struct kv_entry *first = kv_heap_first(heap);
        next = first == NULL ? KV_NEVER : kv_heap_expiry(heap, first);
        kv_shard_trim_and_unlock(shard);
        kv_entry_release_list(&store->memory, expired);
    } while (expired != NULL);
    return next;
}

int64_t kv_sweep(struct kv_store *store)
{
    int64_t now = kv_now();
    int64_t soonest = KV_NEVER;

    for (size_t i = 0; i < KV_SHARDS; i++) {
        int64_t next = sweep_shard(store, &store->shards[i], now);
        if (next != KV_NEVER && (soonest == KV_NEVER || next < soonest))
            soonest = next;
    }
    return soonest;
}
