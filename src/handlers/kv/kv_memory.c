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

static uint64_t add(struct kv_memory *memory, size_t size)
{
    return atomic_fetch_add_explicit(&memory->used, cost(size), memory_order_relaxed) + cost(size);
}

static void subtract(struct kv_memory *memory, size_t size)
{
    atomic_fetch_sub_explicit(&memory->used, cost(size), memory_order_relaxed);
}

/* The bytes are added before the check, so that two threads cannot both pass it with the last free
 * bytes. */
static void *allocate(struct kv_memory *memory, size_t size, bool is_zeroed)
{
    void *block = NULL;

    if (add(memory, size) <= memory->max)
        block = is_zeroed ? calloc(1, size) : malloc(size);
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
    void *grown = realloc(block, size);

    if (grown != NULL) {
        add(memory, size);
        subtract(memory, old);
    }
    return grown;
}

void kv_memory_free(struct kv_memory *memory, void *block, size_t size)
{
    if (block == NULL)
        return;
    free(block);
    subtract(memory, size);
}
