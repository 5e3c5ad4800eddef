#define _GNU_SOURCE /* mremap */
#include "block.h"

#include "base/invariant.h"

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
        INVARIANT(munmap(block->data, block->size) == 0);
        give_place_back();
    } else {
        free(block->data);
    }
    *block = (struct block){0};
}

static bool grow_mapping(struct block *block, size_t size)
{
    char *data = mremap(block->data, block->size, size, MREMAP_MAYMOVE);

    if (data == MAP_FAILED)
        return false;
    block->data = data;
    block->size = size;
    return true;
}

/* Into a mapping, or by realloc(3). */
static bool grow_in_heap(struct block *block, size_t size)
{
    struct block larger = {.data = map(size), .size = size, .is_mapped = true};

    if (larger.data == NULL) {
        larger.data = realloc(block->data, size);
        if (larger.data == NULL)
            return false;
        larger.is_mapped = false;
    } else if (block->size > 0) {
        memcpy(larger.data, block->data, block->size);
        free(block->data);
    }
    *block = larger;
    return true;
}

bool block_grow(struct block *block, size_t size)
{
    return block->is_mapped ? grow_mapping(block, size) : grow_in_heap(block, size);
}
