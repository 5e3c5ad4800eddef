#define _GNU_SOURCE /* SCHED_BATCH */
#include "sched_policy.h"

#include <sched.h>
#include <time.h>

/* A server is busy when it uses so much of a core, in percent. Where SCHED_BATCH pays, that was
 * 50 and more, also beside a program that computes; where it does harm, 25 and less. */
#define BUSY_PERCENT 40

static bool is_batch(const struct sched_policy *policy)
{
    return atomic_load_explicit(&policy->is_batch, memory_order_relaxed);
}

void sched_policy_init(struct sched_policy *policy)
{
    *policy = (struct sched_policy){.is_free = sched_getscheduler(0) == SCHED_OTHER};
}

void sched_thread_init(struct sched_thread *thread)
{
    *thread = (struct sched_thread){.is_batch = sched_getscheduler(0) == SCHED_BATCH};
}

static int64_t used_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

static void begin_batch(struct sched_policy *policy, int64_t now_ns)
{
    policy->batch_ns = now_ns;
    atomic_store_explicit(&policy->is_batch, true, memory_order_relaxed);
}

static void end_batch(struct sched_policy *policy, int64_t now_ns)
{
    bool went_well = now_ns - policy->batch_ns > 2 * policy->pause_ns;

    if (policy->pause_ns == 0 || went_well)
        policy->pause_ns = SCHED_POLICY_PAUSE_LEAST_NS;
    else if (policy->pause_ns < SCHED_POLICY_PAUSE_MOST_NS)
        policy->pause_ns *= 2;
    policy->again_ns = now_ns + policy->pause_ns;
    atomic_store_explicit(&policy->is_batch, false, memory_order_relaxed);
}

void sched_policy_look(struct sched_policy *policy, int64_t now_ns, int64_t used_ns)
{
    int64_t passed = now_ns - policy->looked_ns;
    bool is_busy =
        policy->looked_ns != 0 && (used_ns - policy->used_ns) * 100 > passed * BUSY_PERCENT;

    policy->looked_ns = now_ns;
    policy->used_ns = used_ns;
    if (is_batch(policy) && !is_busy)
        end_batch(policy, now_ns);
    else if (!is_batch(policy) && is_busy && now_ns >= policy->again_ns)
        begin_batch(policy, now_ns);
}

void sched_policy_follow(struct sched_policy *policy, struct sched_thread *thread, int64_t now_ns)
{
    int64_t due = atomic_load_explicit(&policy->look_ns, memory_order_relaxed);

    if (!policy->is_free)
        return;
    if (now_ns >= due &&
        atomic_compare_exchange_strong_explicit(&policy->look_ns, &due, INT64_MAX,
                                                memory_order_acquire, memory_order_relaxed)) {
        sched_policy_look(policy, now_ns, used_ns());
        atomic_store_explicit(&policy->look_ns, now_ns + SCHED_POLICY_LOOK_NS,
                              memory_order_release);
    }
    if (thread->is_batch == is_batch(policy))
        return;
    thread->is_batch = !thread->is_batch;
    /* Without privilege each may be had for the other. Where it is refused all the same, in a
     * container perhaps, the thread goes on as it is, and does not ask each time. */
    sched_setscheduler(0, thread->is_batch ? SCHED_BATCH : SCHED_OTHER, &(struct sched_param){0});
}
