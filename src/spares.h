/*
 * Threads to spare. Making a thread and ending it is a good part of what a client costs who comes,
 * says a line and goes. So a thread whose connection has ended waits here for a moment, and serves
 * the next.
 *
 * Every thread of a connection is counted from before it is made until it leaves, so that the
 * server can wait for all of them. Who leaves has its stack freed by the next who does, which waits
 * for it to end: so all but one go back at once, and who waits for the last to end has waited for
 * all. That one serves the next thread that is made, once its own has ended.
 */
#ifndef SPARES_H
#define SPARES_H

#include "stack.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many wait at most, so long each. Each keeps what its stack has grown to: some KB with our own
 * workers, 128 at most. A second after the last connection has ended they are gone. */
#define SPARES_MOST    64
#define SPARES_WAIT_MS 1000

/* A thread that waits; it lives on that thread's stack. */
struct spare {
    struct spare *next;    /* lock */
    void *job;             /* lock; set with is_called; NULL: the thread is to end */
    bool is_called;        /* lock; whoever sets it has taken it off the list, and signals */
    pthread_cond_t called; /* with the lock; timed by CLOCK_MONOTONIC */
};

struct spares {
    pthread_mutex_t lock;
    pthread_cond_t ended;  /* spares_end: the last thread has ended. With the lock. */
    struct spare *waiting; /* lock; the last to come is the first to go: its caches are warm */
    size_t in_wait;        /* lock; threads in spares_wait's wait, called already or not */
    size_t threads;        /* lock; all that are, waiting or not */
    size_t staying;        /* lock; of these, those that have not begun to leave */
    size_t crest;          /* lock; the most that stayed since they were found to have halved */
    struct stack *left;    /* lock; owned; of the last thread that has left, or was not made */
    bool is_over;          /* lock; nobody waits any more */
};

void spares_init(struct spares *spares);

/* All threads must have ended, as after spares_end. */
void spares_deinit(struct spares *spares);

/* True: a thread that was waiting has the job. False: none is, so the caller makes a thread, which
 * is counted already; if it can't be made, spares_not_made takes that back, and the stack, which
 * may be NULL. */
bool spares_hand(struct spares *spares, void *job);
void spares_not_made(struct spares *spares, struct stack *stack);

/* A stack to make a thread on, of one that has ended or was not made. NULL: there is none. */
struct stack *spares_take_stack(struct spares *spares);

/* Called by a thread that has done its job, at most wait_ms long: returns the next one, or NULL
 * when the thread is to leave. */
void *spares_wait(struct spares *spares, uint32_t wait_ms);

/* Called last by a thread that runs on this stack, which it gives away. It must not touch spares
 * any more. Waits a moment for the thread that left before to end. Calls receded first where at
 * most half as many stay as there were, and these were SPARES_MOST at least: once for each time
 * that they become half as many, when all that left before have ended, but those that another
 * such call waits for just then. */
void spares_leave(struct spares *spares, struct stack *stack, void (*receded)(void *context),
                  void *context);

/* Has all threads end, and waits until they have, for good: none runs any code of ours afterwards.
 * Those that have a job end after it. Nothing may be handed any more. Where two call it at once,
 * all this is so when both have returned. */
void spares_end(struct spares *spares);

#endif
