/*
 * The memory of enlarged buffers. A large block is a mapping of its own, so that it goes back to
 * the system when it is freed, whatever lies around it: malloc(3) would rather take it out of a
 * free piece of the heap, and then the heap grows toward the peak of all buffers and connections.
 */
#ifndef BLOCK_H
#define BLOCK_H

#include <stdbool.h>
#include <stddef.h>

/* From this size on a block is a mapping. */
#define BLOCK_MAPPED_MIN ((size_t)16 * 1024)

/* At most this number of mappings exist in the process at a time, because the kernel limits them
 * (vm.max_map_count), and each thread needs two. Further blocks come from malloc(3). */
#define BLOCK_MAPPINGS_MAX 8192

/* {0} is an empty block. The owner may copy the struct, and forget the original. */
struct block {
    char *data;     /* owned; NULL while size is 0 */
    size_t size;    /* bytes at data */
    bool is_mapped; /* data is a mapping */
};

/* Makes the block larger, and keeps its bytes. False: there is no memory, and the block has not
 * changed. Any thread that owns the block. */
bool block_grow(struct block *block, size_t size);

/* Frees the memory; the block is empty then. */
void block_free(struct block *block);

#endif
