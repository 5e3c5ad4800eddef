#include "timer_thread.h"

#include "active/dispatcher.h"
#include "base/invariant.h"
#include "base/monotonic.h"
#include "base/thread.h"
#include "server_options.h"
#include "table/lifecycle.h"

#include <errno.h>

static void lock(struct timer_thread *timers)
{
    INVARIANT(pthread_mutex_lock(&timers->lock) == 0);
}

static void unlock(struct timer_thread *timers)
{
    INVARIANT(pthread_mutex_unlock(&timers->lock) == 0);
}

/* ---- what is due ---- */

enum due { DUE_NOTHING, DUE_DRAINING, DUE_CUT, DUE_TIMER };

/* A timer that a cut or the end keeps from firing stays in the queue, for lined_cancel. */
static bool may_fire_locked(const struct timer_thread *timers)
{
    return !timers->is_finishing && lifecycle_phase(timers->service->lifecycle) != LIFECYCLE_CUT;
}

static bool timer_is_due_locked(const struct timer_thread *timers)
{
    return timers->queue.count > 0 && may_fire_locked(timers) &&
           timer_queue_due_ns(&timers->queue) <= monotonic_ns();
}

static enum due due_locked(const struct timer_thread *timers)
{
    const struct lined_handler *handler = timers->service->handler;
    struct lifecycle *lifecycle = timers->service->lifecycle;
    enum lifecycle_phase phase = lifecycle_phase(lifecycle);

    if (phase != LIFECYCLE_RUNNING && handler->draining != NULL && !timers->has_called_draining &&
        lifecycle_has_drained(lifecycle))
        return DUE_DRAINING;
    if (phase == LIFECYCLE_CUT && handler->cut != NULL && !timers->has_called_cut)
        return DUE_CUT;
    return timer_is_due_locked(timers) ? DUE_TIMER : DUE_NOTHING;
}

/* Calls one function that is due, on the thread that runs callbacks. In active mode the message has
 * waited for the dispatcher: a cut or a lined_cancel may have come since. False: none was due. */
static bool call_one(struct timer_thread *timers)
{
    const struct service *service = timers->service;
    struct timer_call call = {0};

    lock(timers);
    enum due due = due_locked(timers);
    timers->has_called_draining |= due == DUE_DRAINING;
    timers->has_called_cut |= due == DUE_CUT;
    if (due == DUE_TIMER)
        call = timer_queue_take(&timers->queue);
    unlock(timers);
    switch (due) {
    case DUE_DRAINING:
        service->handler->draining(service->context, service->server);
        break;
    case DUE_CUT:
        service->handler->cut(service->context, service->server);
        break;
    case DUE_TIMER:
        call.function(service->server, call.argument);
        break;
    case DUE_NOTHING:
        break;
    }
    return due != DUE_NOTHING;
}

/* The functions that one message to the dispatcher calls at most: connections come in between. */
#define CALLS_MAX 64

static void call_due(void *argument)
{
    int calls = 0;

    while (calls < CALLS_MAX && call_one(argument))
        calls++;
}

/* ---- the thread ---- */

static void wait_for_change_locked(struct timer_thread *timers)
{
    int64_t due_ns =
        may_fire_locked(timers) ? timer_queue_due_ns(&timers->queue) : TIMER_QUEUE_NEVER;

    if (due_ns == TIMER_QUEUE_NEVER) {
        INVARIANT(pthread_cond_wait(&timers->changed, &timers->lock) == 0);
    } else {
        const struct timespec due = monotonic_timespec_of_ns(due_ns);
        int error = pthread_cond_timedwait(&timers->changed, &timers->lock, &due);
        INVARIANT(error == 0 || error == ETIMEDOUT);
    }
}

/* False at the end. */
static bool wait_for_due(struct timer_thread *timers)
{
    enum due due;

    lock(timers);
    while ((due = due_locked(timers)) == DUE_NOTHING && !timers->is_finishing)
        wait_for_change_locked(timers);
    if (due == DUE_NOTHING) {
        timers->has_ended = true;
        INVARIANT(pthread_cond_broadcast(&timers->ended) == 0);
    }
    unlock(timers);
    return due != DUE_NOTHING;
}

static void *timer_thread_main(void *argument)
{
    struct timer_thread *timers = argument;

    while (wait_for_due(timers)) {
        if (timers->service->options->mode == LINED_ACTIVE)
            dispatcher_call(timers->mailbox, call_due, timers);
        else
            call_due(timers);
    }
    return NULL;
}

static void *timer_thread_with_callbacks(void *argument)
{
    return thread_run_callbacks(timer_thread_main, argument);
}

void timer_thread_init(struct timer_thread *timers, const struct service *service,
                       struct mailbox *mailbox)
{
    *timers = (struct timer_thread){.service = service, .mailbox = mailbox};
    INVARIANT(pthread_mutex_init(&timers->lock, NULL) == 0);
    monotonic_cond_init(&timers->changed);
    INVARIANT(pthread_cond_init(&timers->ended, NULL) == 0);
}

void timer_thread_deinit(struct timer_thread *timers)
{
    timer_queue_deinit(&timers->queue);
    INVARIANT(pthread_cond_destroy(&timers->ended) == 0);
    INVARIANT(pthread_cond_destroy(&timers->changed) == 0);
    INVARIANT(pthread_mutex_destroy(&timers->lock) == 0);
}

int timer_thread_start(struct timer_thread *timers)
{
    return thread_start_sized(&timers->thread, options_stack_size(timers->service->options),
                              timer_thread_with_callbacks, timers);
}

void timer_thread_notify(void *argument)
{
    struct timer_thread *timers = argument;

    lock(timers);
    INVARIANT(pthread_cond_signal(&timers->changed) == 0);
    unlock(timers);
}

void timer_thread_finish(struct timer_thread *timers)
{
    lock(timers);
    timers->is_finishing = true;
    INVARIANT(pthread_cond_signal(&timers->changed) == 0);
    while (!timers->has_ended)
        INVARIANT(pthread_cond_wait(&timers->ended, &timers->lock) == 0);
    unlock(timers);
}

void timer_thread_join(struct timer_thread *timers)
{
    INVARIANT(pthread_join(timers->thread, NULL) == 0);
}

/* ---- timers ---- */

lined_timer timer_thread_add(struct timer_thread *timers, uint32_t ms, struct timer_call call)
{
    int64_t due_ns = monotonic_ns() + (int64_t)ms * 1000000;
    lined_timer number = 0;

    lock(timers);
    if (may_fire_locked(timers)) {
        bool is_first = due_ns < timer_queue_due_ns(&timers->queue);
        number = timer_queue_add(&timers->queue, due_ns, call);
        if (is_first)
            INVARIANT(pthread_cond_signal(&timers->changed) == 0);
    }
    unlock(timers);
    return number;
}

bool timer_thread_cancel(struct timer_thread *timers, lined_timer number)
{
    lock(timers);
    bool is_removed = timer_queue_remove(&timers->queue, number);
    unlock(timers);
    return is_removed;
}
