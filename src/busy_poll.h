/*
 * Busy polling: before a thread sleeps in recv(2), it asks again and again for a moment whether
 * bytes have come. Sleeping and waking cost more than all other work on a line: tens of
 * microseconds where the core was idle. So a client that sends one line at a time is answered in
 * less than half the time.
 *
 * It pays only where no other thread wants the core. So each look follows a sched_yield(2), and the
 * thread goes to sleep if another thread has run in between, or another program: it then has more
 * to gain from the core than this connection. After such a miss, and after a wait in vain, more and
 * more receives sleep at once; one that was paid for begins anew. So a busy server, a server beside
 * another program, and an idle connection try one receive in 1,024.
 *
 * With 0 microseconds there is no yield and no look: a receive is one blocking recv(2).
 */
#ifndef BUSY_POLL_H
#define BUSY_POLL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The connections of a server share this. */
struct busy_poll_limit {
    uint32_t us; /* the longest wait; 0: none. Never changes. */
    int max;     /* how many threads may poll at a time: half of the cores. Never changes. */

    /* How many do. It guards no other memory, so relaxed additions are enough. */
    _Atomic int polling;
};

/* A connection's own, used by its thread alone. */
struct busy_poll {
    uint16_t skip;   /* receives that sleep at once, until the next try */
    uint16_t misses; /* in a row */
};

void busy_poll_limit_init(struct busy_poll_limit *limit, uint32_t us);

void busy_poll_init(struct busy_poll *poll);

/* Receives bytes that are there, or come in time, as recv(2) with MSG_DONTWAIT does. -1 with
 * EAGAIN: the thread should sleep in recv(2) now. */
ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_limit *limit, int fd, void *into,
                       size_t size);

#endif
