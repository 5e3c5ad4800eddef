/*
 * The scheduling policy of the threads of connections: SCHED_OTHER or SCHED_BATCH, see sched(7).
 *
 * A thread that wakes under SCHED_OTHER may take the core from who runs there. On a busy machine
 * that is often a client on the same core, which was about to send more, or to read what others
 * have answered: then each line costs changes of threads, and batches stay small. Under SCHED_BATCH
 * who wakes waits for its turn. So a server that receives often tries SCHED_BATCH.
 *
 * It is not always good. Beside a program that computes on the same core, who never interrupts it
 * waits for the end of its slice, some milliseconds, for each line. Nothing tells the one case from
 * the other but what comes of it: where less is received than before, SCHED_OTHER is back, and
 * SCHED_BATCH is tried ever more seldom while that repeats.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often it is looked at what was received. */
#define SCHED_POLICY_LOOK_NS INT64_C(20000000)

/* Who receives less often than so many times in a look is left under SCHED_OTHER: 10,000 times a
 * second are a fifth of a core or less. */
#define SCHED_POLICY_OFTEN 200

/* How long SCHED_OTHER is kept, after SCHED_BATCH has not paid. */
#define SCHED_POLICY_PAUSE_LEAST_NS (4 * SCHED_POLICY_LOOK_NS)
#define SCHED_POLICY_PAUSE_MOST_NS  (128 * SCHED_POLICY_LOOK_NS)

/* Shared by the threads of a server. */
struct sched_policy {
    /* The server was started under SCHED_OTHER. Otherwise somebody has decided, and the threads
     * stay as they are. Never changes. */
    bool is_free;

    /* What the threads should run under. A hint that guards no other memory: relaxed. */
    _Atomic bool is_batch;

    /* Since the last look. Only ever added to, or taken all of: relaxed. */
    _Atomic uint32_t receives;
    _Atomic uint64_t bytes;

    /* When the next look is due, monotonic. A hint, too; it is asked again under the lock. */
    _Atomic int64_t look_ns;

    pthread_mutex_t lock; /* only ever tried: who finds it taken need not look */
    int64_t looked_ns;    /* lock; when the last look was; 0: never */
    int64_t batch_ns;     /* lock; when is_batch became true */
    int64_t again_ns;     /* lock; is_batch stays false until then */
    int64_t pause_ns;     /* lock; the length of the last pause */
    uint64_t before;      /* lock; bytes a second in the look before is_batch became true */
    unsigned looks;       /* lock; since it did */
    unsigned low;         /* lock; of these, how many in a row had less */
};

/* A thread's own. All zero when it starts, for the acceptor that makes it has no other policy than
 * the server's. */
struct sched_thread {
    bool is_batch;      /* what it runs under */
    bool is_left_alone; /* somebody else has changed that */
};

/* On the thread that starts the server. */
void sched_policy_init(struct sched_policy *policy);
void sched_policy_deinit(struct sched_policy *policy);

/* So much was received. */
static inline void sched_policy_note(struct sched_policy *policy, size_t bytes)
{
    if (!policy->is_free)
        return;
    atomic_fetch_add_explicit(&policy->receives, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&policy->bytes, bytes, memory_order_relaxed);
}

/* Called by each thread now and then: looks where that is due, and takes on what is wanted. */
void sched_policy_follow(struct sched_policy *policy, struct sched_thread *thread);

/* The same at a given time. For the tests. */
void sched_policy_follow_at(struct sched_policy *policy, struct sched_thread *thread,
                            int64_t now_ns);

#endif
