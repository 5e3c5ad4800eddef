/*
 * The thread that frees what has expired. It sleeps until the soonest key expires, and for good
 * while none does.
 *
 * It is made when the first key is to expire, by the thread of a connection and not by the
 * handler's start. So it has all signals blocked, as that thread has, and it lacks what the process
 * has given up between the start and the first connection: Landlock holds the threads that are made
 * after.
 */
#ifndef KV_SWEEPER_H
#define KV_SWEEPER_H

#include "kv_store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define KV_NO_TICK INT64_MAX

struct kv_sweeper {
    struct kv_store *store;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* with lock: due is sooner, or is_ending */
    _Atomic int64_t due;    /* the tick when it sweeps next, or KV_NO_TICK; written under lock */
    bool is_made;           /* lock */
    bool is_ending;         /* lock */
    pthread_t thread;       /* valid once is_made */
};

void kv_sweeper_init(struct kv_sweeper *sweeper, struct kv_store *store);

/* Ends the thread. No other thread may use the sweeper any more. */
void kv_sweeper_deinit(struct kv_sweeper *sweeper);

/* A key of the store expires then, on kv_now's clock. Called after the store knows it, with no lock
 * held. Without memory for the thread the key expires, too, and the next call tries again. */
void kv_sweeper_expect(struct kv_sweeper *sweeper, int64_t expires);

#endif
