#include "kv_table.h"

#include "kv_clock.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 4u

void kv_table_deinit(struct kv_table *table)
{
    for (size_t i = 0; i < table->bucket_count; i++)
        kv_entry_release_list(table->buckets[i]);
    free(table->buckets);
    kv_heap_deinit(&table->heap);
    *table = (struct kv_table){0};
}

static struct kv_entry **bucket_of(const struct kv_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->bucket_count - 1)];
}

/* Doubles the number of buckets. */
static bool grow(struct kv_table *table)
{
    size_t old_count = table->bucket_count;
    struct kv_table grown = *table;

    grown.bucket_count = old_count == 0 ? BUCKETS_FIRST : old_count * 2;
    grown.buckets = calloc(grown.bucket_count, sizeof(struct kv_entry *));
    if (grown.buckets == NULL)
        return false;
    for (size_t i = 0; i < old_count; i++) {
        for (struct kv_entry *entry = table->buckets[i], *next; entry != NULL; entry = next) {
            struct kv_entry **bucket = bucket_of(&grown, entry->hash);
            next = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    free(table->buckets);
    *table = grown;
    return true;
}

/* Without memory the chains get longer. But there must be at least one bucket. */
bool kv_table_reserve(struct kv_table *table)
{
    return table->count < table->bucket_count || grow(table) || table->bucket_count > 0;
}

static bool is_key(const struct kv_entry *entry, uint64_t hash, struct kv_bytes key)
{
    return entry->hash == hash && entry->key_size == key.size &&
           memcmp(entry->bytes, key.bytes, key.size) == 0;
}

struct kv_entry **kv_table_find(const struct kv_table *table, uint64_t hash, struct kv_bytes key)
{
    if (table->bucket_count == 0)
        return NULL;
    struct kv_entry **link = bucket_of(table, hash);
    while (*link != NULL && !is_key(*link, hash, key))
        link = &(*link)->next;
    return link;
}

static bool has_expired(const struct kv_table *table, const struct kv_entry *entry)
{
    int64_t expires = kv_heap_expiry(&table->heap, entry);

    return expires != KV_NEVER && expires <= kv_now();
}

struct kv_entry *kv_table_live(const struct kv_table *table, struct kv_entry **link)
{
    return link == NULL || *link == NULL || has_expired(table, *link) ? NULL : *link;
}

struct kv_entry *kv_table_put(struct kv_table *table, struct kv_entry **link,
                              struct kv_entry *entry, int64_t expires)
{
    struct kv_entry *old = *link == NULL ? NULL : kv_table_remove(table, link);

    entry->next = *link;
    *link = entry;
    table->count++;
    kv_heap_set(&table->heap, entry, expires);
    return old;
}

struct kv_entry *kv_table_remove(struct kv_table *table, struct kv_entry **link)
{
    struct kv_entry *entry = *link;

    kv_heap_set(&table->heap, entry, KV_NEVER);
    *link = entry->next;
    entry->next = NULL;
    table->count--;
    return entry;
}

static struct kv_entry **link_of(const struct kv_table *table, const struct kv_entry *entry)
{
    struct kv_entry **link = bucket_of(table, entry->hash);

    while (*link != entry)
        link = &(*link)->next;
    return link;
}

struct kv_entry *kv_table_take_expired(struct kv_table *table, int64_t now, unsigned most)
{
    struct kv_entry *list = NULL;

    for (unsigned taken = 0; taken < most; taken++) {
        struct kv_entry *first = kv_heap_first(&table->heap);
        if (first == NULL || kv_heap_expiry(&table->heap, first) > now)
            break;
        kv_table_remove(table, link_of(table, first));
        first->next = list;
        list = first;
    }
    return list;
}

void kv_table_take_spare(struct kv_table *table, struct kv_table *spare)
{
    *spare = (struct kv_table){0};
    if (table->count == 0) {
        *spare = *table;
        *table = (struct kv_table){0};
    } else if (table->heap.count == 0) {
        spare->heap = table->heap;
        table->heap = (struct kv_heap){0};
    }
}
