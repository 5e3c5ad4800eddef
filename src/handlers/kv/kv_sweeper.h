/*
 * The thread that frees expired entries. It sleeps until the next key expires, or until a key is
 * set to expire.
 *
 * A connection's worker thread creates it when the first key is set to expire, not the init
 * function of the handler. So it has all signals blocked, as the worker thread has, and it does not
 * have the rights that the process gave up after init: Landlock only applies to threads that are
 * created later.
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
    pthread_cond_t changed; /* with lock: due is earlier, or is_ending */
    _Atomic int64_t due;    /* the tick of the next sweep, or KV_NO_TICK; written under lock */
    bool is_made;           /* lock */
    bool is_ending;         /* lock */
    pthread_t thread;       /* valid once is_made */
};

void kv_sweeper_init(struct kv_sweeper *sweeper, struct kv_store *store);

/* Ends the thread. No other thread may use the sweeper any more. */
void kv_sweeper_deinit(struct kv_sweeper *sweeper);

/* A key of the store expires at this time, on the clock of kv_now. Call it after the store has the
 * key, without a lock. If there is no memory for the thread, the key expires too, and the next call
 * tries again. */
void kv_sweeper_expect(struct kv_sweeper *sweeper, int64_t expires);

#endif
