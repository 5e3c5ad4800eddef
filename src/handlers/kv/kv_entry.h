/*
 * An entry of the store: a key and its value. A value never changes; a new value is a new entry. So
 * each thread with a reference can read an entry without a lock. The table has one reference, and a
 * reply that is being sent has another one. The release of the last reference frees the entry.
 */
#ifndef KV_ENTRY_H
#define KV_ENTRY_H

#include "kv_bytes.h"
#include "kv_memory.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct kv_entry {
    struct kv_entry *next; /* in a chain of the table, under its lock; or in a list outside of it */
    uint64_t hash;         /* of the key; never changes */
    uint64_t version; /* under the lock of the table: another one after each change, also of the
                         expiry */
    /* 64 bits: one MGET can take a million references, on thousands of connections. */
    _Atomic uint64_t references;
    uint32_t key_size;    /* never changes */
    uint32_t value_size;  /* never changes */
    uint32_t heap_number; /* under the lock of the table; 0: it does not expire */
    char bytes[];         /* the key, then the value; they never change */
};

/* Makes an entry with one reference that does not expire. NULL: no memory. Key and
 * value are less than 4 GiB. */
struct kv_entry *kv_entry_new(struct kv_memory *memory, uint64_t hash, struct kv_bytes key,
                              struct kv_bytes value);

/* The same with a value in two parts. */
struct kv_entry *kv_entry_join(struct kv_memory *memory, uint64_t hash, struct kv_bytes key,
                               struct kv_bytes value, struct kv_bytes suffix);

struct kv_bytes kv_entry_key(const struct kv_entry *entry);
struct kv_bytes kv_entry_value(const struct kv_entry *entry);

/* Takes one more reference. The caller has a reference, or the lock of the table that has one. */
void kv_entry_hold(struct kv_entry *entry);

/* Releases a reference. memory is that of kv_entry_new. NULL is allowed as the entry. */
void kv_entry_release(struct kv_memory *memory, struct kv_entry *entry);

/* The same for a list that is linked by next. */
void kv_entry_release_list(struct kv_memory *memory, struct kv_entry *first);

#endif
