#include "lifecycle.h"

#include "base/event.h"
#include "base/invariant.h"
#include "base/monotonic.h"
#include "lifecycle_locked.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int lifecycle_init(struct lifecycle *lifecycle, struct conn_table *table, uint32_t drain_timeout_ms,
                   bool drain_waits, void (*phase_changed)(void *context), void *context)
{
    int stop_event = event_open();

    if (stop_event < 0)
        return stop_event;
    *lifecycle = (struct lifecycle){.table = table,
                                    .drain_timeout_ms = drain_timeout_ms,
                                    .drain_waits = drain_waits,
                                    .stop_event = stop_event,
                                    .phase_changed = phase_changed,
                                    .context = context,
                                    .phase = LIFECYCLE_RUNNING};
    INVARIANT(pthread_mutex_init(&lifecycle->lock, NULL) == 0);
    monotonic_cond_init(&lifecycle->over);
    monotonic_cond_init(&lifecycle->departed);
    monotonic_cond_init(&lifecycle->cut);
    return LINED_OK;
}

void lifecycle_deinit(struct lifecycle *lifecycle)
{
    INVARIANT(lifecycle->present == 0);
    INVARIANT(pthread_cond_destroy(&lifecycle->cut) == 0);
    INVARIANT(pthread_cond_destroy(&lifecycle->departed) == 0);
    INVARIANT(pthread_cond_destroy(&lifecycle->over) == 0);
    INVARIANT(pthread_mutex_destroy(&lifecycle->lock) == 0);
    close(lifecycle->stop_event);
}

static void notify_if_empty_locked(struct lifecycle *lifecycle)
{
    if (lifecycle_is_empty_locked(lifecycle))
        INVARIANT(pthread_cond_broadcast(&lifecycle->over) == 0);
}

void lifecycle_begin_accepting(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->accepting++;
    lifecycle_unlock(lifecycle);
}

void lifecycle_end_accepting(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->accepting--;
    notify_if_empty_locked(lifecycle);
    lifecycle_unlock(lifecycle);
}

/* ---- the life of a connection ---- */

int lifecycle_enter(struct lifecycle *lifecycle, size_t max)
{
    int result = LINED_OK;

    lifecycle_lock(lifecycle);
    if (lifecycle_phase(lifecycle) == LIFECYCLE_CUT) {
        result = LINED_STOPPING;
    } else if (max > 0 && lifecycle->present >= max) {
        result = -EUSERS;
    } else {
        lifecycle->present++;
        lifecycle->connections++;
    }
    lifecycle_unlock(lifecycle);
    return result;
}

void lifecycle_leave(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->leaving++;
    lifecycle_unlock(lifecycle);
}

/* present becomes less only in a release, so it is enough to check the peak just before. */
static uint64_t peak_locked(const struct lifecycle *lifecycle)
{
    return lifecycle->present > lifecycle->peak ? lifecycle->present : lifecycle->peak;
}

static void release_locked(struct lifecycle *lifecycle)
{
    INVARIANT(lifecycle->present > 0);
    lifecycle->present--;
    INVARIANT(pthread_cond_broadcast(&lifecycle->departed) == 0);
    notify_if_empty_locked(lifecycle);
}

void lifecycle_release(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->peak = peak_locked(lifecycle);
    lifecycle->leaving--;
    release_locked(lifecycle);
    /* The signals are sent under the lock on purpose: a thread that waits for the last release goes
     * on only after the unlock, and the unlock is the last thing done. */
    lifecycle_unlock(lifecycle);
}

void lifecycle_withdraw(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->connections--;
    release_locked(lifecycle); /* it was never served: it does not count for the peak */
    lifecycle_unlock(lifecycle);
}

/* ---- the phases ---- */

static void set_phase_locked(struct lifecycle *lifecycle, enum lifecycle_phase phase)
{
    atomic_store_explicit(&lifecycle->phase, phase, memory_order_release);
    INVARIANT(pthread_cond_broadcast(&lifecycle->over) == 0);
    INVARIANT(pthread_cond_broadcast(&lifecycle->departed) == 0);
    INVARIANT(pthread_cond_broadcast(&lifecycle->cut) == 0);
}

/* Outside of the lock. */
static void notify_phase(struct lifecycle *lifecycle)
{
    event_set(lifecycle->stop_event);
    lifecycle->phase_changed(lifecycle->context);
}

/* The phase is set before the sockets are shut down: a connection that is added behind the walk
 * reads the new phase before it blocks. */
void lifecycle_drain(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->shutdown_callers++;
    bool is_first = lifecycle_phase(lifecycle) == LIFECYCLE_RUNNING;
    if (is_first) {
        lifecycle->drain_deadline = monotonic_ms() + lifecycle->drain_timeout_ms;
        lifecycle->has_drained = true;
        set_phase_locked(lifecycle, LIFECYCLE_DRAINING);
    }
    lifecycle_unlock(lifecycle);
    if (!is_first)
        return;
    notify_phase(lifecycle);
    if (!lifecycle->drain_waits)
        conn_table_shutdown(lifecycle->table, SHUT_RD);
}

size_t lifecycle_cut(struct lifecycle *lifecycle)
{
    size_t cut = 0;

    lifecycle_lock(lifecycle);
    lifecycle->shutdown_callers++;
    bool is_first = lifecycle_phase(lifecycle) != LIFECYCLE_CUT;
    if (is_first) {
        cut =
            lifecycle->present - lifecycle->leaving; /* those that have left ended by themselves */
        lifecycle->cut_count = cut;
        set_phase_locked(lifecycle, LIFECYCLE_CUT);
    }
    lifecycle_unlock(lifecycle);
    if (!is_first)
        return 0;
    notify_phase(lifecycle);
    conn_table_shutdown(lifecycle->table, SHUT_RDWR);
    return cut;
}

void lifecycle_end_shutdown(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->shutdown_callers--;
    notify_if_empty_locked(lifecycle);
    lifecycle_unlock(lifecycle);
}

bool lifecycle_has_drained(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    bool has_drained = lifecycle->has_drained;
    lifecycle_unlock(lifecycle);
    return has_drained;
}

void lifecycle_set_drain_timeout(struct lifecycle *lifecycle, uint32_t drain_timeout_ms)
{
    lifecycle_lock(lifecycle);
    lifecycle->drain_timeout_ms = drain_timeout_ms;
    lifecycle_unlock(lifecycle);
}

void lifecycle_suspend(struct lifecycle *lifecycle, bool is_suspended)
{
    lifecycle_lock(lifecycle);
    atomic_store_explicit(&lifecycle->is_suspended, is_suspended, memory_order_relaxed);
    INVARIANT(pthread_cond_broadcast(&lifecycle->departed) == 0);
    lifecycle_unlock(lifecycle);
}

void lifecycle_wake_acceptors(struct lifecycle *lifecycle)
{
    lifecycle_lock(lifecycle);
    lifecycle->wakes++;
    INVARIANT(pthread_cond_broadcast(&lifecycle->departed) == 0);
    lifecycle_unlock(lifecycle);
}

void lifecycle_stats(struct lifecycle *lifecycle, struct lined_stats *stats)
{
    lifecycle_lock(lifecycle);
    stats->connections = lifecycle->connections;
    stats->connected = lifecycle->present;
    stats->connected_peak = peak_locked(lifecycle);
    stats->connections_cut = lifecycle->cut_count;
    lifecycle_unlock(lifecycle);
}
