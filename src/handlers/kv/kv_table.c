#include "kv_table.h"

#include "kv_clock.h"

#include <string.h>

#define FIRST_BUCKETS 4u

/* Position of the highest bit. */
static unsigned log2_of(size_t number)
{
    return 63 - (unsigned)__builtin_clzll(number);
}

/* Buckets of a segment. Also the number of its first bucket, except for segment 0. */
static size_t segment_size(unsigned segment)
{
    return segment == 0 ? FIRST_BUCKETS : (size_t)2 << segment;
}

static struct kv_entry **bucket(const struct kv_table *table, size_t number)
{
    if (number < FIRST_BUCKETS)
        return &table->segments[0][number];
    unsigned segment = log2_of(number) - 1;
    return &table->segments[segment][number - segment_size(segment)];
}

void kv_table_deinit(struct kv_table *table)
{
    for (size_t i = 0; i < table->bucket_count; i++)
        kv_entry_release_list(table->memory, *bucket(table, i));
    for (unsigned i = 0; i < KV_SEGMENTS && table->segments[i] != NULL; i++)
        kv_memory_free(table->memory, table->segments[i],
                       segment_size(i) * sizeof(struct kv_entry *));
    kv_heap_deinit(&table->heap, table->memory);
}

/* The bits of a hash that are the number of its bucket: the lowest n + 1, or only n if the bucket
 * with bit n does not exist yet. There is at least one bucket. */
static size_t mask_of(const struct kv_table *table, uint64_t hash)
{
    size_t high = (size_t)1 << log2_of(table->bucket_count - 1);

    return (hash & (high - 1)) + high < table->bucket_count ? 2 * high - 1 : high - 1;
}

static struct kv_entry **bucket_of(const struct kv_table *table, uint64_t hash)
{
    return bucket(table, hash & mask_of(table, hash));
}

/* Makes the segment for the bucket with this number, if there is none. */
static bool make_segment(struct kv_table *table, size_t number)
{
    unsigned segment = number < FIRST_BUCKETS ? 0 : log2_of(number) - 1;

    if (table->segments[segment] == NULL)
        table->segments[segment] =
            kv_memory_new_zeroed(table->memory, segment_size(segment) * sizeof(struct kv_entry *));
    return table->segments[segment] != NULL;
}

/* Adds a bucket, and moves the entries to it that have its number in their hash. They are all in
 * the bucket with the same number without the highest bit. */
static bool grow(struct kv_table *table)
{
    size_t number = table->bucket_count;

    if (!make_segment(table, number))
        return false;
    if (number == 0) {
        table->bucket_count = FIRST_BUCKETS;
        return true;
    }
    size_t high = (size_t)1 << log2_of(number);
    struct kv_entry **link = bucket(table, number - high);
    struct kv_entry **end = bucket(table, number);
    while (*link != NULL) {
        struct kv_entry *entry = *link;
        if ((entry->hash & high) == 0) {
            link = &entry->next;
            continue;
        }
        *link = entry->next;
        *end = entry;
        end = &entry->next;
    }
    *end = NULL;
    table->bucket_count++;
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
    entry->version = ++table->version;
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

void kv_table_take_all(struct kv_table *table, struct kv_table *taken)
{
    *taken = *table;
    *table = (struct kv_table){.memory = table->memory, .version = table->version};
}

void kv_table_take_spare(struct kv_table *table, struct kv_table *spare)
{
    *spare = (struct kv_table){.memory = table->memory};
    if (table->count == 0) {
        kv_table_take_all(table, spare);
    } else if (table->heap.count == 0) {
        spare->heap = table->heap;
        table->heap = (struct kv_heap){0};
    }
}

/* The cursor counts with its bits in reverse order, so the highest bit of a bucket's number changes
 * first. When a bucket is divided, both parts keep its place in this order. */
struct kv_entry **kv_table_scan(const struct kv_table *table, uint64_t *cursor)
{
    if (table->bucket_count == 0) {
        *cursor = 0;
        return NULL;
    }
    size_t mask = mask_of(table, *cursor);
    size_t number = *cursor & mask;
    size_t bit = (mask + 1) / 2;
    *cursor = number;
    while ((*cursor & bit) != 0) {
        *cursor ^= bit;
        bit /= 2;
    }
    *cursor |= bit;
    return bucket(table, number);
}
