/*
 * The scheduling policy of the threads of connections: SCHED_OTHER or SCHED_BATCH, see sched(7).
 *
 * A thread that wakes under SCHED_OTHER may take the core from who runs there. On a busy machine
 * that is often a client on the same core, which was about to send more, or to read what others
 * have answered: then each line costs changes of threads, and batches stay small. Under SCHED_BATCH
 * who wakes waits for its turn. So a server that is busy runs under SCHED_BATCH.
 *
 * It is not always good. Beside a program that computes on the same core, who never interrupts it
 * waits for the end of its slice, some milliseconds, for each line; the server then has less of the
 * core than it would use. So a server that is not busy, or has ceased to be under SCHED_BATCH,
 * runs under SCHED_OTHER, and tries again ever more seldom while that repeats.
 */
#ifndef SCHED_POLICY_H
#define SCHED_POLICY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How often it is looked how busy the server is. */
#define SCHED_POLICY_LOOK_NS INT64_C(20000000)

/* How long SCHED_OTHER is kept, after SCHED_BATCH has ceased to pay. */
#define SCHED_POLICY_PAUSE_LEAST_NS (4 * SCHED_POLICY_LOOK_NS)
#define SCHED_POLICY_PAUSE_MOST_NS  (128 * SCHED_POLICY_LOOK_NS)

/* Shared by the threads of a server. */
struct sched_policy {
    /* The server was started under SCHED_OTHER. Otherwise somebody has decided, and the threads
     * stay as they are. Never changes. */
    bool is_free;

    /* What the threads should run under. A hint that guards no other memory: relaxed. */
    _Atomic bool is_batch;

    /* When the next look is due, monotonic; INT64_MAX while a thread looks. Who exchanges the one
     * for the other has the fields below, until it stores the next time: acquire and release. */
    _Atomic int64_t look_ns;
    int64_t looked_ns; /* when the last look was; 0: never */
    int64_t used_ns;   /* CPU time of the process until then */
    int64_t batch_ns;  /* when is_batch became true */
    int64_t again_ns;  /* is_batch stays false until then */
    int64_t pause_ns;  /* the length of the last pause */
};

/* A thread's own. */
struct sched_thread {
    bool is_batch; /* what it runs under */
};

/* On the thread that starts the server. */
void sched_policy_init(struct sched_policy *policy);

/* Called by each thread when it starts, for it has the policy of who made it. */
void sched_thread_init(struct sched_thread *thread);

/* Called by each thread now and then, now_ns being the time: looks where that is due, and takes on
 * what is wanted. */
void sched_policy_follow(struct sched_policy *policy, struct sched_thread *thread, int64_t now_ns);

/* The look itself: at now_ns the process had used so much CPU time. For the tests. */
void sched_policy_look(struct sched_policy *policy, int64_t now_ns, int64_t used_ns);

#endif
