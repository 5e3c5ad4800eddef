/*
 * A hash table of entries. Its user locks: a link, and an entry without a reference of the user's
 * own, are good until the lock is given up. No call here frees an entry: those that leave the table
 * come with the table's reference, to be released after the lock.
 */
#ifndef KV_TABLE_H
#define KV_TABLE_H

#include "kv_entry.h"
#include "kv_heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {0} is an empty table. */
struct kv_table {
    struct kv_entry **buckets; /* owned; bucket_count of them: a power of two, or none */
    size_t bucket_count;
    size_t count; /* entries, expired ones too */
    struct kv_heap heap;
};

/* Frees it with its entries. */
void kv_table_deinit(struct kv_table *table);

/* Makes room for one entry more; links of before are no good then. False: there is no memory, and
 * the table is as it was. */
bool kv_table_reserve(struct kv_table *table);

/* The link of the key's entry, or where one would be linked. NULL while no room was ever reserved.
 */
struct kv_entry **kv_table_find(const struct kv_table *table, uint64_t hash, struct kv_bytes key);

/* The entry at the link. NULL: there is none, or it has expired. */
struct kv_entry *kv_table_live(const struct kv_table *table, struct kv_entry **link);

/* Puts the entry at its key's link, in the place of the one that is there, which is returned; NULL:
 * none. Room is reserved, in the heap too where it expires. Takes the reference of the caller. */
struct kv_entry *kv_table_put(struct kv_table *table, struct kv_entry **link,
                              struct kv_entry *entry, int64_t expires);

/* Takes the entry at the link out. */
struct kv_entry *kv_table_remove(struct kv_table *table, struct kv_entry **link);

/* Takes out at most so many entries that have expired by now: a list. */
struct kv_entry *kv_table_take_expired(struct kv_table *table, int64_t now, unsigned most);

/* Moves memory that holds no entry any more to *spare, to be freed by kv_table_deinit after the
 * lock: malloc may take milliseconds for it. */
void kv_table_take_spare(struct kv_table *table, struct kv_table *spare);

#endif
