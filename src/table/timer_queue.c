#include "timer_queue.h"

#include "base/invariant.h"

#include <stdlib.h>

#define ROOM_FIRST 8u

struct timer {
    int64_t due_ns;
    uint64_t order;     /* of the additions */
    lined_timer number; /* in the slot map */
    size_t place;       /* in the heap */
    struct timer_call call;
};

void timer_queue_deinit(struct timer_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        free(queue->heap[i]);
    free(queue->heap);
    slot_map_deinit(&queue->numbers);
    *queue = (struct timer_queue){0};
}

/* Makes room for one more timer. False: no memory. */
static bool reserve(struct timer_queue *queue)
{
    if (queue->count < queue->room)
        return true;
    size_t room = queue->room == 0 ? ROOM_FIRST : queue->room * 2;
    /* It is an array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    struct timer **larger = realloc(queue->heap, room * sizeof *larger);
    if (larger == NULL)
        return false;
    queue->heap = larger;
    queue->room = room;
    return true;
}

static bool is_before(const struct timer *timer, const struct timer *other)
{
    return timer->due_ns < other->due_ns ||
           (timer->due_ns == other->due_ns && timer->order < other->order);
}

static void place(struct timer_queue *queue, size_t at, struct timer *timer)
{
    queue->heap[at] = timer;
    timer->place = at;
}

/* Puts the timer where at was, or above it: behind its parent in time. Returns its place. */
static size_t move_up(struct timer_queue *queue, size_t at, struct timer *timer)
{
    while (at > 0 && is_before(timer, queue->heap[(at - 1) / 2])) {
        place(queue, at, queue->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(queue, at, timer);
    return at;
}

/* Puts the timer where at was, or below it: before its children in time. */
static void move_down(struct timer_queue *queue, size_t at, struct timer *timer)
{
    for (size_t child; (child = 2 * at + 1) < queue->count; at = child) {
        if (child + 1 < queue->count && is_before(queue->heap[child + 1], queue->heap[child]))
            child++;
        if (!is_before(queue->heap[child], timer))
            break;
        place(queue, at, queue->heap[child]);
    }
    place(queue, at, timer);
}

lined_timer timer_queue_add(struct timer_queue *queue, int64_t due_ns, struct timer_call call)
{
    if (!reserve(queue))
        return 0;
    struct timer *timer = malloc(sizeof *timer);
    if (timer == NULL)
        return 0;
    lined_timer number = slot_map_add(&queue->numbers, timer);
    if (number == 0) {
        free(timer);
        return 0;
    }
    *timer =
        (struct timer){.due_ns = due_ns, .order = queue->added++, .number = number, .call = call};
    move_up(queue, queue->count++, timer);
    return number;
}

/* The last timer of the heap takes its place. */
static void remove_timer(struct timer_queue *queue, struct timer *timer)
{
    size_t at = timer->place;
    struct timer *last = queue->heap[--queue->count];

    if (last != timer)
        move_down(queue, move_up(queue, at, last), last);
    slot_map_remove(&queue->numbers, timer->number);
    free(timer);
}

bool timer_queue_remove(struct timer_queue *queue, lined_timer number)
{
    struct timer *timer = slot_map_find(&queue->numbers, number);

    if (timer == NULL)
        return false;
    remove_timer(queue, timer);
    return true;
}

int64_t timer_queue_due_ns(const struct timer_queue *queue)
{
    return queue->count == 0 ? TIMER_QUEUE_NEVER : queue->heap[0]->due_ns;
}

struct timer_call timer_queue_take(struct timer_queue *queue)
{
    INVARIANT(queue->count > 0);
    const struct timer_call call = queue->heap[0]->call;

    remove_timer(queue, queue->heap[0]);
    return call;
}
