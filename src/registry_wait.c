/* The registry's waiting: for the end of the server, and the acceptor's for room. */
#include "invariant.h"
#include "monotonic.h"
#include "registry_locked.h"

#include <errno.h>

static void wait_locked(struct registry *registry, pthread_cond_t *cond)
{
    INVARIANT(pthread_cond_wait(cond, &registry->lock) == 0);
}

/* False when the deadline has passed. */
static bool wait_until_locked(struct registry *registry, pthread_cond_t *cond, int64_t deadline_ms)
{
    const struct timespec deadline = monotonic_timespec(deadline_ms);
    int error = pthread_cond_timedwait(cond, &registry->lock, &deadline);

    INVARIANT(error == 0 || error == ETIMEDOUT);
    return error == 0;
}

void registry_wait_empty(struct registry *registry)
{
    registry_lock(registry);
    while (!registry_is_empty_locked(registry))
        wait_locked(registry, &registry->over);
    registry_unlock(registry);
}

void registry_begin_wait(struct registry *registry)
{
    registry_lock(registry);
    registry->waiters++;
    registry_unlock(registry);
}

void registry_end_wait(struct registry *registry)
{
    registry_lock(registry);
    registry->waiters--;
    /* Under the lock: lined_server_free goes on only after the unlock. */
    if (registry->waiters == 0)
        INVARIANT(pthread_cond_broadcast(&registry->over) == 0);
    registry_unlock(registry);
}

void registry_wait_waiters(struct registry *registry)
{
    registry_lock(registry);
    while (registry->waiters > 0)
        wait_locked(registry, &registry->over);
    registry_unlock(registry);
}

int registry_drain_left_ms(struct registry *registry)
{
    int64_t left = -1;

    registry_lock(registry);
    if (registry_phase(registry) == REGISTRY_DRAINING) {
        left = registry->drain_deadline - monotonic_ms();
        left = left < 0 ? 0 : left;
    }
    registry_unlock(registry);
    return (int)left; /* the timeout was an int32_t */
}

void registry_wait_departure(struct registry *registry, uint32_t timeout_ms)
{
    registry_lock(registry);
    /* One wait, no loop: a wake-up for nothing only makes the acceptor try a little early. */
    if (registry_phase(registry) != REGISTRY_CUT)
        wait_until_locked(registry, &registry->departed, monotonic_ms() + timeout_ms);
    registry_unlock(registry);
}

size_t registry_present(struct registry *registry)
{
    registry_lock(registry);
    size_t present = registry->present;
    registry_unlock(registry);
    return present;
}

size_t registry_present_beside_leavers(struct registry *registry, size_t most)
{
    registry_lock(registry);
    while (registry->present >= most && registry->present > registry->slots.used &&
           registry_phase(registry) != REGISTRY_CUT)
        wait_locked(registry, &registry->departed);
    size_t present = registry->present;
    registry_unlock(registry);
    return present;
}

bool registry_wait_room(struct registry *registry, size_t most, int64_t deadline_ms)
{
    bool in_time = true;

    registry_lock(registry);
    while (in_time && registry->present >= most && registry_phase(registry) != REGISTRY_CUT) {
        if (deadline_ms == 0)
            wait_locked(registry, &registry->departed);
        else
            in_time = wait_until_locked(registry, &registry->departed, deadline_ms);
    }
    registry_unlock(registry);
    return in_time;
}

void registry_pause(struct registry *registry, int64_t deadline_ms)
{
    registry_lock(registry);
    while (registry_phase(registry) == REGISTRY_RUNNING &&
           wait_until_locked(registry, &registry->departed, deadline_ms))
        continue;
    registry_unlock(registry);
}

bool registry_wait_cut(struct registry *registry, uint32_t timeout_ms)
{
    int64_t deadline = monotonic_ms() + timeout_ms;

    registry_lock(registry);
    while (registry_phase(registry) != REGISTRY_CUT &&
           wait_until_locked(registry, &registry->cut, deadline))
        continue;
    bool is_cut = registry_phase(registry) == REGISTRY_CUT;
    registry_unlock(registry);
    return is_cut;
}
