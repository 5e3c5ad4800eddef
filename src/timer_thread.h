/*
 * The timer thread: calls the functions of timers, and the handler's draining and cut. In active
 * mode it has the dispatcher make each call, and waits, so that all callbacks are on one thread.
 *
 * It ends in lined_server_wait: no connection is left then, and no call may come after.
 */
#ifndef TIMER_THREAD_H
#define TIMER_THREAD_H

#include "active/mailbox.h"
#include "conn/service.h"
#include "lined.h"
#include "table/timer_queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct timer_thread {
    /* Set by timer_thread_init; they never change after. */
    const struct service *service;
    struct mailbox *mailbox; /* active mode */

    pthread_t thread;
    pthread_mutex_t lock;   /* never held while a callback runs */
    pthread_cond_t changed; /* for the thread: the first timer, the phase, or is_finishing */
    pthread_cond_t ended;   /* for timer_thread_finish */

    struct timer_queue queue; /* lock */
    bool has_called_draining; /* lock; or is about to */
    bool has_called_cut;      /* lock; the same */
    bool is_finishing;        /* lock; no timer fires any more */
    bool has_ended;           /* lock; no call will come any more */
};

void timer_thread_init(struct timer_thread *timers, const struct service *service,
                       struct mailbox *mailbox);

/* After timer_thread_join, or if the thread has never started. Timers that wait are dropped. */
void timer_thread_deinit(struct timer_thread *timers);

/* Starts the thread, in active mode after the dispatcher. LINED_OK or -errno. */
int timer_thread_start(struct timer_thread *timers);

/* Waits until the thread has called draining and cut, if they are due, and the call that it makes
 * has returned; it makes no other call. No connection is left. Any number of threads. */
void timer_thread_finish(struct timer_thread *timers);

/* Waits for the end of the thread, after timer_thread_finish. One thread. */
void timer_thread_join(struct timer_thread *timers);

/* The phase has changed: for the life cycle. argument is the struct timer_thread. Any thread. */
void timer_thread_notify(void *argument);

/* As lined_after and lined_cancel. */
lined_timer timer_thread_add(struct timer_thread *timers, uint32_t ms, struct timer_call call);
bool timer_thread_cancel(struct timer_thread *timers, lined_timer number);

#endif
