#include "slots.h"

#include <stdbool.h>
#include <stdlib.h>

/* A number is a slot's index and, above it, the slot's generation. */
#define INDEX_BITS 24
#define SIZE_LEAST 64u
#define SIZE_MOST  (1u << INDEX_BITS)

static uint32_t index_of(uint64_t number)
{
    return (uint32_t)(number & (SIZE_MOST - 1));
}

static bool grow(struct slots *slots)
{
    uint32_t size = slots->size == 0 ? SIZE_LEAST : slots->size * 2;

    if (size > SIZE_MOST)
        return false;
    struct slot *larger = realloc(slots->slots, size * sizeof *larger);
    if (larger == NULL)
        return false;
    for (uint32_t i = slots->size; i < size; i++)
        larger[i] = (struct slot){.next_free = i + 1};
    slots->slots = larger;
    slots->size = size;
    return true;
}

void slots_deinit(struct slots *slots)
{
    free(slots->slots);
    *slots = (struct slots){0};
}

uint64_t slots_take(struct slots *slots, void *entry)
{
    if (slots->first_free == slots->size && !grow(slots))
        return 0;
    uint32_t index = slots->first_free;
    struct slot *slot = &slots->slots[index];
    slots->first_free = slot->next_free;
    slots->used++;
    slot->entry = entry;
    slot->generation++; /* from 1 on, so no number is 0 */
    return slot->generation << INDEX_BITS | index;
}

void slots_give_back(struct slots *slots, uint64_t number)
{
    struct slot *slot = &slots->slots[index_of(number)];

    slot->entry = NULL;
    slot->next_free = slots->first_free;
    slots->first_free = index_of(number);
    slots->used--;
}

void *slots_find(const struct slots *slots, uint64_t number)
{
    uint32_t index = index_of(number);

    if (index >= slots->size || slots->slots[index].generation != number >> INDEX_BITS)
        return NULL;
    return slots->slots[index].entry;
}

void *slots_next(const struct slots *slots, uint32_t *at, uint32_t end)
{
    if (end > slots->size)
        end = slots->size;
    while (*at < end) {
        void *entry = slots->slots[(*at)++].entry;
        if (entry != NULL)
            return entry;
    }
    return NULL;
}
