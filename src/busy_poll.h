/*
 * Receiving without sleep for a moment. Sleeping and waking cost more than all other work on a
 * line: tens of microseconds where the core was idle. So before a thread sleeps in recv(2) it does
 * two things, each while that pays:
 *
 * It gives way once (sched_yield(2)). On a core that is busy with other connections the next bytes
 * have often come when its turn comes round. But where another program wants the core too, a turn
 * is long, and whoever gives way gets less than a fair share: such a turn counts against it.
 *
 * If no other thread has run meanwhile, the core is free, and it waits awake: it looks again and
 * again for a while. A wait in vain counts against that.
 *
 * Each count doubles the number of receives until the next try. So an idle connection, whose waits
 * are long, and a server that shares its core with another program go to sleep at once, but for one
 * receive in a thousand.
 */
#ifndef BUSY_POLL_H
#define BUSY_POLL_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* After this many tries in vain in a row, one receive in 2^10 tries. */
#define BUSY_POLL_MISSES_MOST 10

/* Where others wait awake already, as many as may, so many receives do not try. */
#define BUSY_POLL_SKIP_CROWD 15

/* What the connections of a server share. */
struct busy_poll_share {
    uint32_t us; /* the longest wait; 0: none. Never changes. */
    int most;    /* how many may wait awake at a time. Never changes. */
    /* How many do. Only ever added to and taken from, and it guards no other memory: relaxed. */
    _Atomic int awake;
};

/* Something that is tried ever more seldom while it is in vain. */
struct busy_poll_try {
    uint16_t skip;   /* receives until the next try */
    uint16_t misses; /* in a row, up to BUSY_POLL_MISSES_MOST */
};

/* A connection's own, its thread's alone. All zero to begin with. */
struct busy_poll {
    struct busy_poll_try give_way;
    struct busy_poll_try stay_awake;
};

/* us: the longest wait in microseconds; 0 means never to wait awake. Half of the cores that this
 * process may use can be kept awake, but one at least. */
void busy_poll_share_init(struct busy_poll_share *share, uint32_t us);

/* Receives what is there after giving way, or comes in time, as recv(2) with MSG_DONTWAIT does: -1
 * with EAGAIN when nothing came, or was not looked for, and it is time to sleep. */
ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_share *share, int fd, void *into,
                       size_t room);

/* The turn of another took so long: whether giving way has paid. For the tests. */
void busy_poll_note_turn(struct busy_poll_try *give_way, int64_t turn_ns);

#endif
