#include "registry_locked.h"

#include "invariant.h"
#include "monotonic.h"

#include <errno.h>
#include <sys/socket.h>

void registry_init(struct registry *registry)
{
    *registry = (struct registry){.phase = REGISTRY_RUNNING};
    INVARIANT(pthread_mutex_init(&registry->lock, NULL) == 0);
    monotonic_cond_init(&registry->over);
    monotonic_cond_init(&registry->departed);
    monotonic_cond_init(&registry->cut);
}

void registry_deinit(struct registry *registry)
{
    INVARIANT(registry->present == 0);
    INVARIANT(pthread_cond_destroy(&registry->cut) == 0);
    INVARIANT(pthread_cond_destroy(&registry->departed) == 0);
    INVARIANT(pthread_cond_destroy(&registry->over) == 0);
    INVARIANT(pthread_mutex_destroy(&registry->lock) == 0);
    slots_deinit(&registry->slots);
}

/* ---- the life of a connection ---- */

static void tell_if_empty_locked(struct registry *registry)
{
    if (registry_is_empty_locked(registry))
        INVARIANT(pthread_cond_broadcast(&registry->over) == 0);
}

void registry_begin_accepting(struct registry *registry)
{
    registry_lock(registry);
    registry->is_accepting = true;
    registry_unlock(registry);
}

void registry_end_accepting(struct registry *registry)
{
    registry_lock(registry);
    registry->is_accepting = false;
    tell_if_empty_locked(registry);
    registry_unlock(registry);
}

int registry_join(struct registry *registry, struct registry_entry *entry)
{
    registry_lock(registry);
    int result = LINED_STOPPING;
    if (registry_phase(registry) != REGISTRY_CUT) {
        entry->number = slots_take(&registry->slots, entry);
        result = entry->number == 0 ? -ENOMEM : LINED_OK;
    }
    if (result == LINED_OK) {
        registry->present++;
        registry->stats.connections++;
    }
    registry_unlock(registry);
    return result;
}

/* Nobody finds an entry without a slot any more, but somebody may have borrowed it before. Waits
 * for its return, so that the outbox can go and the descriptor can be closed. */
static void await_return(struct registry_entry *entry)
{
    outbox_lock(&entry->outbox);
    outbox_unlock(&entry->outbox);
}

void registry_leave(struct registry *registry, struct registry_entry *entry)
{
    registry_lock(registry);
    slots_give_back(&registry->slots, entry->number);
    registry->stats.slow_consumers += outbox_is_slow(&entry->outbox);
    registry_unlock(registry);
    await_return(entry);
}

/* How many are here only falls when somebody releases, so it is enough to look just before. */
static uint64_t peak_locked(const struct registry *registry)
{
    uint64_t peak = registry->stats.connected_peak;

    return registry->present > peak ? registry->present : peak;
}

static void release_locked(struct registry *registry)
{
    INVARIANT(registry->present > 0);
    registry->present--;
    INVARIANT(pthread_cond_signal(&registry->departed) == 0);
    tell_if_empty_locked(registry);
}

void registry_release(struct registry *registry)
{
    registry_lock(registry);
    registry->stats.connected_peak = peak_locked(registry);
    release_locked(registry);
    /* The signals are sent under the lock on purpose: whoever waits for the last release can go on
     * only after the unlock has let it, and the unlock is the last thing done. */
    registry_unlock(registry);
}

void registry_withdraw(struct registry *registry, struct registry_entry *entry)
{
    registry_lock(registry);
    slots_give_back(&registry->slots, entry->number);
    registry->stats.connections--;
    registry_unlock(registry);
    await_return(entry);
    registry_lock(registry);
    release_locked(registry); /* it was never here: no peak */
    registry_unlock(registry);
}

static void set_phase_locked(struct registry *registry, enum registry_phase phase)
{
    atomic_store_explicit(&registry->phase, phase, memory_order_release);
    INVARIANT(pthread_cond_broadcast(&registry->over) == 0);
    INVARIANT(pthread_cond_broadcast(&registry->departed) == 0);
    INVARIANT(pthread_cond_broadcast(&registry->cut) == 0);
}

/* Wakes every connection that is blocked in recv or send. One that joins behind the walk reads the
 * new phase before it blocks, because the phase was set first. */
static void shut_all(struct registry *registry, int how)
{
    bool is_last;
    uint32_t at = 0;

    do {
        registry_lock(registry);
        uint32_t end = at + REGISTRY_STEP;
        for (struct registry_entry *entry;
             (entry = slots_next(&registry->slots, &at, end)) != NULL;)
            shutdown(entry->fd, how); /* one that was reset says ENOTCONN */
        is_last = at >= registry->slots.size;
        registry_unlock(registry);
    } while (!is_last);
}

void registry_drain(struct registry *registry, uint32_t timeout_ms)
{
    registry_lock(registry);
    registry->enders++;
    bool is_first = registry_phase(registry) == REGISTRY_RUNNING;
    if (is_first) {
        registry->drain_deadline = monotonic_ms() + timeout_ms;
        set_phase_locked(registry, REGISTRY_DRAINING);
    }
    registry_unlock(registry);
    if (is_first)
        shut_all(registry, SHUT_RD);
}

size_t registry_cut(struct registry *registry)
{
    size_t cut = 0;

    registry_lock(registry);
    registry->enders++;
    bool is_first = registry_phase(registry) != REGISTRY_CUT;
    if (is_first) {
        cut = registry->slots.used; /* who has left but not released has ended by itself */
        registry->stats.connections_cut = cut;
        set_phase_locked(registry, REGISTRY_CUT);
    }
    registry_unlock(registry);
    if (is_first)
        shut_all(registry, SHUT_RDWR);
    return cut;
}

void registry_end_ending(struct registry *registry)
{
    registry_lock(registry);
    registry->enders--;
    tell_if_empty_locked(registry);
    registry_unlock(registry);
}

struct registry_entry *registry_borrow(struct registry *registry, uint64_t number)
{
    registry_lock(registry);
    struct registry_entry *entry = slots_find(&registry->slots, number);
    if (entry != NULL)
        outbox_lock(&entry->outbox); /* before the registry lets the entry leave */
    registry_unlock(registry);
    return entry;
}

void registry_return(struct registry_entry *entry)
{
    outbox_unlock(&entry->outbox);
}

size_t registry_list_open(struct registry *registry, uint32_t *at, uint64_t numbers[REGISTRY_STEP],
                          bool *is_last)
{
    size_t count = 0;
    uint32_t end = *at + REGISTRY_STEP;

    registry_lock(registry);
    for (struct registry_entry *entry; (entry = slots_next(&registry->slots, at, end)) != NULL;) {
        if (atomic_load_explicit(&entry->is_open, memory_order_relaxed))
            numbers[count++] = entry->number;
    }
    *is_last = *at >= registry->slots.size;
    registry_unlock(registry);
    return count;
}

void registry_count_accept_error(struct registry *registry, int error)
{
    struct lined_accept_error *errors = registry->stats.accept_errors;
    size_t i = 0;

    registry_lock(registry);
    while (i < LINED_ACCEPT_ERRORS_MOST && errors[i].count > 0 && errors[i].error != error)
        i++;
    /* The errnos that net_accept_verdict knows are fewer, and any other is the last. */
    INVARIANT(i < LINED_ACCEPT_ERRORS_MOST);
    errors[i].error = error;
    errors[i].count++;
    registry_unlock(registry);
}

void registry_stats(struct registry *registry, struct lined_stats *stats)
{
    registry_lock(registry);
    *stats = registry->stats;
    stats->connected = registry->present;
    stats->connected_peak = peak_locked(registry);
    registry_unlock(registry);
}
