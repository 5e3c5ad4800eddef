/*
 * Numbers for what comes and goes. A number is a slot and how often the slot has been used, so no
 * number is given twice (a slot can be used 2^40 times), and one that is too old is known as such.
 * Pure; whoever shares it locks.
 */
#ifndef SLOT_MAP_H
#define SLOT_MAP_H

#include <stddef.h>
#include <stdint.h>

struct slot {
    void *entry;         /* NULL while it is free */
    uint64_t generation; /* how often it has been used */
    uint32_t next_free;  /* while it is free */
};

struct slot_map {
    struct slot *slots;  /* owned */
    uint32_t size;       /* of slots */
    uint32_t first_free; /* size where none is free */
    size_t used;         /* slots that have an entry */
};

/* One of {0} is empty. */
void slot_map_deinit(struct slot_map *map);

/* The number of a new entry; it is not 0. 0: there is no memory, or all 2^24 slots are in use. */
uint64_t slot_map_add(struct slot_map *map, void *entry);

void slot_map_remove(struct slot_map *map, uint64_t number);

/* The entry of that number; NULL where there is none any more. */
void *slot_map_find(const struct slot_map *map, uint64_t number);

/* Walks through the entries in the slots from *at to before end: NULL after the last, with *at at
 * end, or at the size where that is less. Between two calls entries may come and go. */
void *slot_map_next(const struct slot_map *map, uint32_t *at, uint32_t end);

#endif
