/*
 * A hash table of entries. The caller locks: a link, and an entry without a reference of the
 * caller, are valid until the unlock. No function frees an entry: a removed entry is returned with
 * the reference of the table, which the caller releases after the unlock.
 *
 * The table grows by linear hashing (Litwin 1980): each new entry may add one bucket, which takes
 * over a part of another one. So no operation moves all entries, and a lock is held only for some
 * microseconds.
 */
#ifndef KV_TABLE_H
#define KV_TABLE_H

#include "kv_entry.h"
#include "kv_heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 2^41 buckets: more than there is memory. */
#define KV_SEGMENTS 40u

/* {.memory} is an empty table. */
struct kv_table {
    struct kv_memory *memory; /* of all that the table has */
    /* Owned. The first has 4 buckets, and each further one as many as all before it: buckets do not
     * move. */
    struct kv_entry **segments[KV_SEGMENTS];
    size_t bucket_count;
    size_t count;     /* entries, including expired ones */
    uint64_t version; /* of the newest entry; each is higher than the one before */
    struct kv_heap heap;
};

/* Frees all that the table has. */
void kv_table_deinit(struct kv_table *table);

/* Makes room for one more entry; earlier links become invalid. False: no memory, and the table is
 * unchanged. */
bool kv_table_reserve(struct kv_table *table);

/* The link to the entry of the key, or the place for a new one. NULL if no room was ever reserved.
 */
struct kv_entry **kv_table_find(const struct kv_table *table, uint64_t hash, struct kv_bytes key);

/* The entry at the link. NULL: there is none, or it has expired. */
struct kv_entry *kv_table_live(const struct kv_table *table, struct kv_entry **link);

/* Puts the entry at the link of its key. Returns the replaced entry, or NULL. The caller has
 * reserved room, also in the heap if the entry expires. Takes the reference of the caller. */
struct kv_entry *kv_table_put(struct kv_table *table, struct kv_entry **link,
                              struct kv_entry *entry, int64_t expires);

/* Removes the entry at the link, and returns it. */
struct kv_entry *kv_table_remove(struct kv_table *table, struct kv_entry **link);

/* Removes at most most entries that have expired by now, and returns them as a list. */
struct kv_entry *kv_table_take_expired(struct kv_table *table, int64_t now, unsigned most);

/* Moves all that the table has to *taken, which the caller frees with kv_table_deinit after the
 * unlock, because free(3) may take milliseconds. */
void kv_table_take_all(struct kv_table *table, struct kv_table *taken);

/* Moves to *spare the memory that the table does not need any more: all of it if there are no keys,
 * and the heap if no key expires. The caller frees it in the same way. */
void kv_table_take_spare(struct kv_table *table, struct kv_table *spare);

/* One step of a scan, which begins with *cursor 0 and ends when it is 0 again. Returns the link to
 * the first entry of a bucket, or NULL for an empty table. The table may change between steps: an
 * entry that it has all the time is in at least one step. It can be in two if the table has lost
 * all entries and has grown again in between. */
struct kv_entry **kv_table_scan(const struct kv_table *table, uint64_t *cursor);

#endif
