#include "kv_entry.h"

#include <string.h>

static size_t size_of(size_t key_size, size_t value_size)
{
    return offsetof(struct kv_entry, bytes) + key_size + value_size;
}

struct kv_entry *kv_entry_join(struct kv_memory *memory, uint64_t hash, struct kv_bytes key,
                               struct kv_bytes value, struct kv_bytes suffix)
{
    size_t value_size = value.size + suffix.size;
    struct kv_entry *entry = kv_memory_new(memory, size_of(key.size, value_size));

    if (entry == NULL)
        return NULL;
    entry->next = NULL;
    entry->hash = hash;
    entry->version = 0;
    entry->heap_number = 0;
    atomic_init(&entry->references, 1);
    entry->key_size = (uint32_t)key.size;
    entry->value_size = (uint32_t)value_size;
    memcpy(entry->bytes, key.bytes, key.size);
    memcpy(entry->bytes + key.size, value.bytes, value.size);
    memcpy(entry->bytes + key.size + value.size, suffix.bytes, suffix.size);
    return entry;
}

struct kv_entry *kv_entry_new(struct kv_memory *memory, uint64_t hash, struct kv_bytes key,
                              struct kv_bytes value)
{
    return kv_entry_join(memory, hash, key, value, (struct kv_bytes){"", 0});
}

struct kv_bytes kv_entry_key(const struct kv_entry *entry)
{
    return (struct kv_bytes){entry->bytes, entry->key_size};
}

struct kv_bytes kv_entry_value(const struct kv_entry *entry)
{
    return (struct kv_bytes){entry->bytes + entry->key_size, entry->value_size};
}

/* Relaxed: the caller's reference keeps the entry, and this reads nothing that another thread
 * writes. */
void kv_entry_hold(struct kv_entry *entry)
{
    atomic_fetch_add_explicit(&entry->references, 1, memory_order_relaxed);
}

/* Each thread's reads of the entry come before its own release, and all of them before the free. */
void kv_entry_release(struct kv_memory *memory, struct kv_entry *entry)
{
    if (entry != NULL &&
        atomic_fetch_sub_explicit(&entry->references, 1, memory_order_acq_rel) == 1)
        kv_memory_free(memory, entry, size_of(entry->key_size, entry->value_size));
}

void kv_entry_release_list(struct kv_memory *memory, struct kv_entry *first)
{
    while (first != NULL) {
        struct kv_entry *next = first->next;
        kv_entry_release(memory, first);
        first = next;
    }
}
