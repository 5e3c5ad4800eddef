/*
 * Numbers for entries that come and go. A number is a slot and the slot's generation, so no number
 * is given twice (a slot has 2^40 generations), and an old number finds nothing. Pure: a caller
 * that shares it between threads locks.
 */
#ifndef SLOT_MAP_H
#define SLOT_MAP_H

#include <stddef.h>
#include <stdint.h>

struct slot {
    void *entry;         /* NULL while it is free */
    uint64_t generation; /* how often the slot has been used */
    uint32_t next_free;  /* while it is free */
};

struct slot_map {
    struct slot *slots;  /* owned */
    uint32_t size;       /* of slots */
    uint32_t first_free; /* size if none is free */
    size_t used;         /* slots that have an entry */
};

/* {0} is an empty map. */
void slot_map_deinit(struct slot_map *map);

/* The number of a new entry; it is not 0. 0: there is no memory, or all 2^24 slots are in use. */
uint64_t slot_map_add(struct slot_map *map, void *entry);

void slot_map_remove(struct slot_map *map, uint64_t number);

/* The entry of that number; NULL if it was removed. */
void *slot_map_find(const struct slot_map *map, uint64_t number);

/* The next entry in the slots from *at to before end, and moves *at behind it. NULL: there is none;
 * *at is then end, or the number of slots if that is less. Between two calls entries may come and
 * go. */
void *slot_map_next(const struct slot_map *map, uint32_t *at, uint32_t end);

#endif
