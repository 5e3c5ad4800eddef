#define _GNU_SOURCE /* SCHED_BATCH */
#include "sched_policy.h"

#include "invariant.h"
#include "monotonic.h"

#include <errno.h>
#include <sched.h>

/* Looks that are left out, for not all threads have followed yet. */
#define LOOKS_TO_SETTLE 1

/* So many looks in a row with less than three quarters are not chance. */
#define LOW_MOST 2

static bool is_batch(const struct sched_policy *policy)
{
    return atomic_load_explicit(&policy->is_batch, memory_order_relaxed);
}

static void set_batch(struct sched_policy *policy, bool wanted)
{
    atomic_store_explicit(&policy->is_batch, wanted, memory_order_relaxed);
}

void sched_policy_init(struct sched_policy *policy)
{
    *policy = (struct sched_policy){.is_free = sched_getscheduler(0) == SCHED_OTHER};
    INVARIANT(pthread_mutex_init(&policy->lock, NULL) == 0);
}

void sched_policy_deinit(struct sched_policy *policy)
{
    INVARIANT(pthread_mutex_destroy(&policy->lock) == 0);
}

static void begin_batch_locked(struct sched_policy *policy, int64_t now_ns, uint64_t rate)
{
    policy->batch_ns = now_ns;
    policy->before = rate;
    policy->looks = 0;
    policy->low = 0;
    set_batch(policy, true);
}

static void end_batch_locked(struct sched_policy *policy, int64_t now_ns)
{
    bool went_well = now_ns - policy->batch_ns > 2 * policy->pause_ns;

    if (policy->pause_ns == 0 || went_well)
        policy->pause_ns = SCHED_POLICY_PAUSE_LEAST_NS;
    else if (policy->pause_ns < SCHED_POLICY_PAUSE_MOST_NS)
        policy->pause_ns *= 2;
    policy->again_ns = now_ns + policy->pause_ns;
    set_batch(policy, false);
}

/* Whether it does not pay any more. Fewer clients look the same, and then it does not matter. */
static bool has_less_locked(struct sched_policy *policy, uint64_t rate)
{
    if (++policy->looks <= LOOKS_TO_SETTLE)
        return false;
    policy->low = rate < policy->before / 4 * 3 ? policy->low + 1 : 0;
    return policy->low >= LOW_MOST;
}

static void look_locked(struct sched_policy *policy, int64_t now_ns)
{
    uint64_t receives = atomic_exchange_explicit(&policy->receives, 0, memory_order_relaxed);
    uint64_t bytes = atomic_exchange_explicit(&policy->bytes, 0, memory_order_relaxed);
    uint64_t passed_us = (uint64_t)(now_ns - policy->looked_ns) / 1000;
    bool is_first = policy->looked_ns == 0;
    uint64_t rate = bytes * 1000000 / passed_us;
    bool is_often = receives * (SCHED_POLICY_LOOK_NS / 1000) / passed_us >= SCHED_POLICY_OFTEN;

    policy->looked_ns = now_ns;
    if (is_batch(policy)) {
        if (!is_often || has_less_locked(policy, rate))
            end_batch_locked(policy, now_ns);
    } else if (is_often && !is_first && now_ns >= policy->again_ns) {
        begin_batch_locked(policy, now_ns, rate);
    }
}

static bool is_due(const struct sched_policy *policy, int64_t now_ns)
{
    return now_ns >= atomic_load_explicit(&policy->look_ns, memory_order_relaxed);
}

static void try_to_look(struct sched_policy *policy, int64_t now_ns)
{
    int taken = pthread_mutex_trylock(&policy->lock);

    INVARIANT(taken == 0 || taken == EBUSY);
    if (taken != 0)
        return;
    if (is_due(policy, now_ns)) {
        look_locked(policy, now_ns);
        atomic_store_explicit(&policy->look_ns, now_ns + SCHED_POLICY_LOOK_NS,
                              memory_order_relaxed);
    }
    INVARIANT(pthread_mutex_unlock(&policy->lock) == 0);
}

/* Without privilege each may be had for the other. Where it is refused all the same, in a container
 * perhaps, the thread goes on as it is, and does not ask each time. */
static void change(struct sched_thread *thread)
{
    const struct sched_param none = {0};

    if (sched_getscheduler(0) != (thread->is_batch ? SCHED_BATCH : SCHED_OTHER)) {
        thread->is_left_alone = true;
        return;
    }
    thread->is_batch = !thread->is_batch;
    if (sched_setscheduler(0, thread->is_batch ? SCHED_BATCH : SCHED_OTHER, &none) < 0)
        thread->is_left_alone = true;
}

void sched_policy_follow_at(struct sched_policy *policy, struct sched_thread *thread,
                            int64_t now_ns)
{
    if (is_due(policy, now_ns))
        try_to_look(policy, now_ns);
    if (thread->is_batch != is_batch(policy) && !thread->is_left_alone)
        change(thread);
}

void sched_policy_follow(struct sched_policy *policy, struct sched_thread *thread)
{
    if (policy->is_free)
        sched_policy_follow_at(policy, thread, monotonic_ns());
}
