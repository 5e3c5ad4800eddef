#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "block.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Mappings of the process. It guards no other memory, so relaxed additions are enough. */
static atomic_int mappings;

static bool take_place(void)
{
    if (atomic_fetch_add_explicit(&mappings, 1, memory_order_relaxed) < BLOCK_MAPPINGS_MAX)
        return true;
    atomic_fetch_sub_explicit(&mappings, 1, memory_order_relaxed);
    return false;
}

static void give_place_back(void)
{
    atomic_fetch_sub_explicit(&mappings, 1, memory_order_relaxed);
}

/* NULL: the block is small, or no further mapping is possible. */
static char *map(size_t size)
{
    if (size < BLOCK_MAPPED_MIN || !take_place())
        return NULL;
    char *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data != MAP_FAILED)
        return data;
    give_place_back();
    return NULL;
}

void block_free(struct block *block)
{
    if (block->is_mapped) {
        /* It can fail if the kernel has joined the mapping with its neighbours and has no entry
         * left to part them. Then the memory stays, and so does its place. */
        if (munmap(block->data, block->size) == 0)
            give_place_back();
    } else {
        free(block->data);
    }
    *block = (struct block){0};
}

/* mremap(2) would save the copy, but ThreadSanitizer does not know it, and takes the next owner of
 * an address for a second writer. */
static bool grow_by_copy(struct block *block, char *data, size_t size)
{
    struct block larger = {.data = data, .size = size, .is_mapped = true};

    if (block->size > 0)
        memcpy(data, block->data, block->size);
    block_free(block);
    *block = larger;
    return true;
}

bool block_grow(struct block *block, size_t size)
{
    char *data = map(size);

    if (data != NULL)
        return grow_by_copy(block, data, size);
    if (block->is_mapped)
        return false;
    data = realloc(block->data, size);
    if (data == NULL)
        return false;
    *block = (struct block){.data = data, .size = size};
    return true;
}
