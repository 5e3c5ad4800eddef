#include "slot_map.h"

#include <stdbool.h>
#include <stdlib.h>

/* A number is a slot's index and, above it, the slot's generation. */
#define INDEX_BITS 24
#define SLOTS_MIN  64u
#define SLOTS_MAX  (1u << INDEX_BITS)

static uint32_t index_of(uint64_t number)
{
    return (uint32_t)(number & (SLOTS_MAX - 1));
}

static bool grow(struct slot_map *map)
{
    uint32_t size = map->size == 0 ? SLOTS_MIN : map->size * 2;

    if (size > SLOTS_MAX)
        return false;
    struct slot *larger = realloc(map->slots, size * sizeof *larger);
    if (larger == NULL)
        return false;
    for (uint32_t i = map->size; i < size; i++)
        larger[i] = (struct slot){.next_free = i + 1};
    map->slots = larger;
    map->size = size;
    return true;
}

void slot_map_deinit(struct slot_map *map)
{
    free(map->slots);
    *map = (struct slot_map){0};
}

uint64_t slot_map_add(struct slot_map *map, void *entry)
{
    if (map->first_free == map->size && !grow(map))
        return 0;
    uint32_t index = map->first_free;
    struct slot *slot = &map->slots[index];
    map->first_free = slot->next_free;
    map->used++;
    slot->entry = entry;
    slot->generation++; /* from 1 on, so no number is 0 */
    return slot->generation << INDEX_BITS | index;
}

void slot_map_remove(struct slot_map *map, uint64_t number)
{
    struct slot *slot = &map->slots[index_of(number)];

    slot->entry = NULL;
    slot->next_free = map->first_free;
    map->first_free = index_of(number);
    map->used--;
}

void *slot_map_find(const struct slot_map *map, uint64_t number)
{
    uint32_t index = index_of(number);

    if (index >= map->size || map->slots[index].generation != number >> INDEX_BITS)
        return NULL;
    return map->slots[index].entry;
}

void *slot_map_next(const struct slot_map *map, uint32_t *at, uint32_t end)
{
    if (end > map->size)
        end = map->size;
    while (*at < end) {
        void *entry = map->slots[(*at)++].entry;
        if (entry != NULL)
            return entry;
    }
    return NULL;
}
