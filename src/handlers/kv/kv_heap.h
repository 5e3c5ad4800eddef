/*
 * The entries of a table that expire: a binary heap with the earliest first. Only an entry that
 * expires costs the 16 bytes of an item.
 */
#ifndef KV_HEAP_H
#define KV_HEAP_H

#include "kv_clock.h"
#include "kv_entry.h"

#include <stdbool.h>
#include <stdint.h>

struct kv_heap_item {
    int64_t expires; /* on the clock of kv_now */
    struct kv_entry *entry;
};

/* {0} is an empty heap. Items are numbered from 1; those of number 2n and 2n + 1 do not expire
 * before that of number n. */
struct kv_heap {
    struct kv_heap_item *items; /* owned; room of them, item 0 is not used */
    uint32_t count;
    uint32_t room;
};

void kv_heap_deinit(struct kv_heap *heap, struct kv_memory *memory);

/* Makes room for one more entry. False: no memory. */
bool kv_heap_reserve(struct kv_heap *heap, struct kv_memory *memory);

/* Sets when the entry expires; KV_NEVER: it does not. For an entry that did not expire before, the
 * caller has reserved room. */
void kv_heap_set(struct kv_heap *heap, struct kv_entry *entry, int64_t expires);

/* When the entry expires, or KV_NEVER. */
int64_t kv_heap_expiry(const struct kv_heap *heap, const struct kv_entry *entry);

/* The entry that expires first. NULL: none expires. */
struct kv_entry *kv_heap_first(const struct kv_heap *heap);

#endif
