/* Waiting: for the end of the server, and for room in an acceptor. */
#include "base/invariant.h"
#include "base/monotonic.h"
#include "lifecycle.h"
#include "lifecycle_locked.h"

#include <errno.h>

static void wait_locked(struct lifecycle *lifecycle, pthread_cond_t *cond)
{
    INVARIANT(pthread_cond_wait(cond, &lifecycle->lock) == 0);
}

/* False when the deadline has passed. */
static bool wait_until_locked(struct lifecycle *lifecycle, pthread_cond_t *cond,
                              int64_t deadline_ms)
{
    const struct timespec deadline = monotonic_timespec(deadline_ms);
    int error = pthread_cond_timedwait(cond, &lifecycle->lock, &deadline);

    INVARIANT(error == 0 || error == ETIMEDOUT);
    return error == 0;
}

void lifecycle_wait_empty(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    while (!lifecycle_is_empty_locked(lifecycle))
        wait_locked(lifecycle, &lifecycle->over);
    lifecycle_unlock(lifecycle);
}

void lifecycle_begin_wait(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->waiters++;
    lifecycle_unlock(lifecycle);
}

void lifecycle_end_wait(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->waiters--;
    /* Under the lock: lined_server_free goes on only after the unlock. */
    if (lifecycle->waiters == 0)
        INVARIANT(pthread_cond_broadcast(&lifecycle->over) == 0);
    lifecycle_unlock(lifecycle);
}

void lifecycle_wait_waiters(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    while (lifecycle->waiters > 0)
        wait_locked(lifecycle, &lifecycle->over);
    lifecycle_unlock(lifecycle);
}

int lifecycle_drain_left_ms(struct lifecycle *lifecycle)
{
    int64_t left = -1;

    lifecycle_lock(lifecycle);
    if (lifecycle_phase(lifecycle) == LIFECYCLE_DRAINING) {
        left = lifecycle->drain_deadline - monotonic_ms();
        left = left < 0 ? 0 : left;
    }
    lifecycle_unlock(lifecycle);
    return (int)left; /* the timeout was an int32_t */
}

void lifecycle_wait_departure(struct lifecycle *lifecycle, uint32_t timeout_ms)
{
    lifecycle_lock(lifecycle);
    /* One wait, no loop: a wake-up for nothing only makes the acceptor try a little early. */
    if (lifecycle_phase(lifecycle) != LIFECYCLE_CUT)
        wait_until_locked(lifecycle, &lifecycle->departed, monotonic_ms() + timeout_ms);
    lifecycle_unlock(lifecycle);
}

size_t lifecycle_present(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    size_t present = lifecycle->present;
    lifecycle_unlock(lifecycle);
    return present;
}

/* A connection that has left runs no callback and waits for no client: it takes locks that are held
 * for short times, and closes its socket. So with one acceptor a few releases are enough. But other
 * acceptors can take each place that becomes free, a change of the limit can make max much lower,
 * and a busy machine may not run the thread: the deadline is for these. */
size_t lifecycle_settled_present(struct lifecycle *lifecycle, size_t max)
{
    const int64_t deadline_ms = monotonic_ms() + LIFECYCLE_SETTLE_MS;
    bool in_time = true;

    lifecycle_lock(lifecycle);
    while (in_time && lifecycle->present >= max && lifecycle->leaving > 0 &&
           lifecycle_phase(lifecycle) != LIFECYCLE_CUT)
        in_time = monotonic_ms() < deadline_ms &&
                  wait_until_locked(lifecycle, &lifecycle->departed, deadline_ms);
    size_t present = lifecycle->present;
    lifecycle_unlock(lifecycle);
    return present;
}

/* True if lifecycle_wake_acceptors was called since the last time with the same *seen. */
static bool was_woken_locked(const struct lifecycle *lifecycle, uint64_t *seen)
{
    bool was_woken = lifecycle->wakes != *seen;

    *seen = lifecycle->wakes;
    return was_woken;
}

bool lifecycle_wait_room(struct lifecycle *lifecycle, size_t max, int64_t deadline_ms,
                         uint64_t *wakes)
{
    lifecycle_lock(lifecycle);
    bool in_time = !was_woken_locked(lifecycle, wakes) || lifecycle->present < max;
    while (in_time && lifecycle->present >= max && lifecycle_phase(lifecycle) != LIFECYCLE_CUT) {
        if (deadline_ms == 0)
            wait_locked(lifecycle, &lifecycle->departed);
        else
            in_time = wait_until_locked(lifecycle, &lifecycle->departed, deadline_ms);
        if (was_woken_locked(lifecycle, wakes))
            in_time = false;
    }
    lifecycle_unlock(lifecycle);
    return in_time;
}

bool lifecycle_wait_resume(struct lifecycle *lifecycle, int64_t deadline_ms, uint64_t *wakes)
{
    if (!atomic_load_explicit(&lifecycle->is_suspended, memory_order_relaxed))
        return true;
    lifecycle_lock(lifecycle);
    bool in_time = !was_woken_locked(lifecycle, wakes);
    while (in_time && atomic_load_explicit(&lifecycle->is_suspended, memory_order_relaxed) &&
           lifecycle_phase(lifecycle) == LIFECYCLE_RUNNING) {
        if (deadline_ms == 0)
            wait_locked(lifecycle, &lifecycle->departed);
        else
            in_time = wait_until_locked(lifecycle, &lifecycle->departed, deadline_ms);
        if (was_woken_locked(lifecycle, wakes))
            in_time = false;
    }
    lifecycle_unlock(lifecycle);
    return in_time;
}

void lifecycle_pause(struct lifecycle *lifecycle, int64_t deadline_ms, uint64_t *wakes)
{
    lifecycle_lock(lifecycle);
    while (lifecycle_phase(lifecycle) == LIFECYCLE_RUNNING && !was_woken_locked(lifecycle, wakes) &&
           wait_until_locked(lifecycle, &lifecycle->departed, deadline_ms))
        continue;
    lifecycle_unlock(lifecycle);
}

void lifecycle_wait_stop(struct lifecycle *lifecycle, int64_t deadline_ms)
{
    lifecycle_lock(lifecycle);
    while (lifecycle_phase(lifecycle) == LIFECYCLE_RUNNING &&
           wait_until_locked(lifecycle, &lifecycle->cut, deadline_ms))
        continue;
    lifecycle_unlock(lifecycle);
}

bool lifecycle_wait_cut(struct lifecycle *lifecycle, uint32_t timeout_ms)
{
    int64_t deadline = monotonic_ms() + timeout_ms;

    lifecycle_lock(lifecycle);
    while (lifecycle_phase(lifecycle) != LIFECYCLE_CUT &&
           wait_until_locked(lifecycle, &lifecycle->cut, deadline))
        continue;
    bool is_cut = lifecycle_phase(lifecycle) == LIFECYCLE_CUT;
    lifecycle_unlock(lifecycle);
    return is_cut;
}
