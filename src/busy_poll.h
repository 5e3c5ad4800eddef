/*
 * Receiving without sleep for a moment. Waking a sleeping core takes tens of microseconds, more
 * than all other work on a line. Where the next bytes come sooner than that, waiting awake is
 * faster.
 *
 * Two things decide, call by call, whether it pays. The core must be free: before each look the
 * thread gives way (sched_yield(2)), and when another thread has run meanwhile, it sleeps at once.
 * And the connection's last waits must have been short: each that was not doubles the number of
 * receives until the next try. So a busy server, whose threads always have company, and an idle
 * connection, whose waits are long, try seldom or never.
 */
#ifndef BUSY_POLL_H
#define BUSY_POLL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* After this many tries in vain in a row, one receive in 2^10 tries. */
#define BUSY_POLL_MISSES_MOST 10

/* Where others wait awake already, as many as may, so many receives sleep at once. */
#define BUSY_POLL_SKIP_CROWD 15

/* What the connections of a server share. */
struct busy_poll_share {
    uint32_t us; /* the longest wait; 0: none. Never changes. */
    int most;    /* how many may wait awake at a time. Never changes. */
    /* How many do. Only ever added to and taken from, and it guards no other memory: relaxed. */
    _Atomic int awake;
};

/* A connection's own, its thread's alone. All zero to begin with. */
struct busy_poll {
    uint16_t skip;   /* receives that are to sleep at once before the next try */
    uint16_t misses; /* tries in vain in a row, up to BUSY_POLL_MISSES_MOST */
};

/* us: the longest wait in microseconds; 0 means never to wait awake. Half of the cores that this
 * process may use can be kept awake, but one at least. */
void busy_poll_share_init(struct busy_poll_share *share, uint32_t us);

/* Gives way once, then receives what is there, or comes in time, as recv(2) with MSG_DONTWAIT does:
 * -1 with EAGAIN when nothing came and it is time to sleep. */
ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_share *share, int fd, void *into,
                       size_t room);

#endif
