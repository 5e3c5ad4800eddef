#include "kv_heap.h"

#define ROOM_FIRST 8u

void kv_heap_deinit(struct kv_heap *heap, struct kv_memory *memory)
{
    kv_memory_free(memory, heap->items, heap->room * sizeof *heap->items);
    *heap = (struct kv_heap){0};
}

bool kv_heap_reserve(struct kv_heap *heap, struct kv_memory *memory)
{
    if (heap->count + 1 < heap->room) /* item 0 is not used */
        return true;
    if (heap->room > UINT32_MAX / 2)
        return false;
    uint32_t room = heap->room == 0 ? ROOM_FIRST : heap->room * 2;
    struct kv_heap_item *items =
        kv_memory_grow(memory, heap->items, heap->room * sizeof *items, room * sizeof *items);
    if (items == NULL)
        return false;
    heap->items = items;
    heap->room = room;
    return true;
}

/* Puts the item at this number, possibly in the wrong order. */
static void place(struct kv_heap *heap, uint32_t number, struct kv_heap_item item)
{
    heap->items[number] = item;
    item.entry->heap_number = number;
}

/* Moves the item up until it does not expire before its parent. */
static uint32_t move_up(struct kv_heap *heap, uint32_t number)
{
    struct kv_heap_item item = heap->items[number];

    while (number > 1 && heap->items[number / 2].expires > item.expires) {
        place(heap, number, heap->items[number / 2]);
        number /= 2;
    }
    place(heap, number, item);
    return number;
}

/* Moves the item down until no child expires before it. */
static void move_down(struct kv_heap *heap, uint32_t number)
{
    struct kv_heap_item item = heap->items[number];

    while (number <= heap->count / 2) {
        uint32_t next = number * 2;
        if (next < heap->count && heap->items[next + 1].expires < heap->items[next].expires)
            next++;
        if (heap->items[next].expires >= item.expires)
            break;
        place(heap, number, heap->items[next]);
        number = next;
    }
    place(heap, number, item);
}

static void remove_item(struct kv_heap *heap, uint32_t number)
{
    struct kv_heap_item last = heap->items[heap->count];

    heap->items[number].entry->heap_number = 0;
    heap->count--;
    if (number <= heap->count) {
        place(heap, number, last);
        move_down(heap, move_up(heap, number));
    }
}

void kv_heap_set(struct kv_heap *heap, struct kv_entry *entry, int64_t expires)
{
    uint32_t number = entry->heap_number;

    if (expires == KV_NEVER) {
        if (number != 0)
            remove_item(heap, number);
        return;
    }
    if (number == 0)
        number = ++heap->count;
    place(heap, number, (struct kv_heap_item){expires, entry});
    move_down(heap, move_up(heap, number));
}

int64_t kv_heap_expiry(const struct kv_heap *heap, const struct kv_entry *entry)
{
    return entry->heap_number == 0 ? KV_NEVER : heap->items[entry->heap_number].expires;
}

struct kv_entry *kv_heap_first(const struct kv_heap *heap)
{
    return heap->count == 0 ? NULL : heap->items[1].entry;
}
