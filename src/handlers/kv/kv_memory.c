#include "kv_memory.h"

#include <stdbool.h>
#include <stdlib.h>

/* glibc adds 8 bytes to a block and rounds up to 16. src/command/main.c lets it map blocks of
 * MAPPED and more, which are rounded up to pages. */
#define MAPPED ((size_t)16 * 1024)
#define PAGE   ((size_t)4096)

static uint64_t cost(size_t size)
{
    if (size == 0)
        return 0;
    if (size >= MAPPED)
        return (size + 2 * sizeof(size_t) + PAGE - 1) / PAGE * PAGE;
    return size < 24 ? 32 : (size + sizeof(size_t) + 15) / 16 * 16;
}

/* False: it would be more than max. */
static bool add(struct kv_memory *memory, size_t size)
{
    uint64_t before = atomic_load_explicit(&memory->used, memory_order_relaxed);

    do {
        if (cost(size) > memory->max - before)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&memory->used, &before, before + cost(size),
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

static void subtract(struct kv_memory *memory, size_t size)
{
    atomic_fetch_sub_explicit(&memory->used, cost(size), memory_order_relaxed);
}

static void *allocate(struct kv_memory *memory, size_t size, bool is_zeroed)
{
    if (!add(memory, size))
        return NULL;
    void *block = is_zeroed ? calloc(1, size) : malloc(size);
    if (block == NULL)
        subtract(memory, size);
    return block;
}

void *kv_memory_new(struct kv_memory *memory, size_t size)
{
    return allocate(memory, size, false);
}

void *kv_memory_new_zeroed(struct kv_memory *memory, size_t size)
{
    return allocate(memory, size, true);
}

void *kv_memory_grow(struct kv_memory *memory, void *block, size_t old, size_t size)
{
    if (!add(memory, size))
        return NULL;
    void *grown = realloc(block, size);
    subtract(memory, grown != NULL ? old : size);
    return grown;
}

void kv_memory_free(struct kv_memory *memory, void *block, size_t size)
{
    if (block == NULL)
        return;
    free(block);
    subtract(memory, size);
}
