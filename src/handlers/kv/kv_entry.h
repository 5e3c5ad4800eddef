/*
 * An entry of the store: a key and its value. They never change; a new value is a new entry. So an
 * entry can be read without a lock by all that hold a reference to it: the table's is one, and a
 * reply that is being sent has another. The last to release it frees it.
 */
#ifndef KV_ENTRY_H
#define KV_ENTRY_H

#include "kv_bytes.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct kv_entry {
    struct kv_entry *next; /* of its chain, under the lock of the table; or of a list outside */
    uint64_t hash;         /* of the key; never changes */
    /* 64 bits: one MGET may take a million, and there may be thousands of connections. */
    _Atomic uint64_t references;
    uint32_t key_size;    /* never changes */
    uint32_t value_size;  /* never changes */
    uint32_t heap_number; /* under the lock of the table; 0: it does not expire */
    char bytes[];         /* the key, then the value; they never change */
};

/* With one reference, and not to expire. NULL: there is no memory. Neither key nor value has 4 GiB.
 */
struct kv_entry *kv_entry_new(uint64_t hash, struct kv_bytes key, struct kv_bytes value);

struct kv_bytes kv_entry_key(const struct kv_entry *entry);
struct kv_bytes kv_entry_value(const struct kv_entry *entry);

/* Takes a reference more. The caller has one, or the lock of the table that has one. */
void kv_entry_hold(struct kv_entry *entry);

/* Gives a reference back. NULL is allowed, and nothing. */
void kv_entry_release(struct kv_entry *entry);

/* The same for a list that is linked by next. */
void kv_entry_release_list(struct kv_entry *first);

#endif
