/*
 * Busy polling: before a thread sleeps in recv(2), it tries to receive again and again for a
 * moment. Sleeping and waking cost more than all other work on a line: tens of microseconds if the
 * core was idle. So a client that sends one line at a time is answered in less than half the time.
 *
 * Polling helps only if no other thread wants the core. So each try follows a sched_yield(2), and
 * the thread sleeps if another thread, or another program, has run in between. Each such miss, and
 * each poll in vain, doubles the number of receives that sleep at once, up to 1,023; after a yield
 * that took a time slice it is 8,191. A poll that received resets it to 0. So a busy server, a
 * server beside a program that computes, and an idle connection seldom poll.
 *
 * With 0 microseconds there is no yield and no try: a receive is one blocking recv(2).
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
