/*
 * Timers that wait: a binary heap with the earliest first, and their numbers. Pure: a caller that
 * shares it between threads locks.
 */
#ifndef TIMER_QUEUE_H
#define TIMER_QUEUE_H

#include "lined.h"
#include "slot_map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a timer calls when it is due. */
struct timer_call {
    void (*function)(lined_server *server, void *argument);
    void *argument;
};

struct timer;

struct timer_queue {
    struct slot_map numbers;
    struct timer **heap; /* owned; the children of heap[n] are heap[2n + 1] and heap[2n + 2] */
    size_t count;        /* of timers in heap */
    size_t room;         /* of heap */
    uint64_t added;      /* how many timers were added since the begin */
};

/* When no timer is due. */
#define TIMER_QUEUE_NEVER INT64_MAX

/* {0} is an empty queue. */
void timer_queue_deinit(struct timer_queue *queue);

/* Returns the number of a new timer, which is due at due_ns. 0: there is no memory, or 2^24 timers
 * wait. */
lined_timer timer_queue_add(struct timer_queue *queue, int64_t due_ns, struct timer_call call);

/* False: the timer was taken or removed before. */
bool timer_queue_remove(struct timer_queue *queue, lined_timer number);

/* When the first timer is due, or TIMER_QUEUE_NEVER. */
int64_t timer_queue_due_ns(const struct timer_queue *queue);

/* Removes the first timer, and returns its call. Of timers that are due at the same time, the first
 * is the one that was added first. The queue is not empty. */
struct timer_call timer_queue_take(struct timer_queue *queue);

#endif
