/*
 * Receiving without sleep for a moment. Sleeping and waking cost more than all other work on a
 * line: tens of microseconds where the core was idle. So before a thread sleeps in recv(2) it does
 * two things, each while that pays:
 *
 * It gives way, see give_way.h: once, for one line at a time is answered sooner by who is woken;
 * but again and again, while other threads have their turns, where much was received at once. There
 * the sender, who has many lines for many connections, has most to gain if it need wake nobody. If
 * the sender is on the same core it is given way to once only: it has sent nothing before its turn.
 *
 * If no other thread has run meanwhile, the core is free, and it waits awake: it looks again and
 * again for a while. A wait in vain counts against that.
 *
 * So an idle connection, whose waits are long, waits awake for one receive in a thousand, and a
 * server that shares its core with another program sleeps at once.
 */
#ifndef BUSY_POLL_H
#define BUSY_POLL_H

#include "back_off.h"
#include "give_way.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where others wait awake already, as many as may, so many receives do not try. */
#define BUSY_POLL_SKIP_CROWD 15

/* The first receives of a connection do not try: of those that say a line and go there are many. */
#define BUSY_POLL_SKIP_FIRST 4

/* So much at once, in bytes and with a line end before the last, is much: who sends one long line
 * at a time waits for its reply. So often a connection that had much gives way at most. */
#define BUSY_POLL_MUCH       256
#define BUSY_POLL_TURNS_MOST 32

/* Where the sender runs is asked at one of so many turns. */
#define BUSY_POLL_ASK_EVERY 32

/* What the connections of a server share. */
struct busy_poll_share {
    /* Lines are handed to the owner thread, whose waking no sender does: nobody counts as apart.
     * Never changes once there are connections. */
    bool has_owner;
    uint32_t us; /* the longest wait; 0: none. Never changes. */
    int most;    /* how many may wait awake at a time. Never changes. */
    /* How many do. Only ever added to and taken from, and it guards no other memory: relaxed. */
    _Atomic int awake;
    struct give_way give_way;
};

/* A connection's own, its thread's alone. */
struct busy_poll {
    uint16_t first;  /* receives until it tries at all */
    bool had_much;   /* at the last receive, which brought the end of a line and more */
    bool is_apart;   /* the sender ran on a core that no thread of the server uses, when asked */
    uint8_t unasked; /* turns until that is asked again */
    struct back_off stay_awake;
};

/* us: the longest wait in microseconds; 0 means never to wait awake. Half of the cores that this
 * process may use can be kept awake, but one at least. */
void busy_poll_share_init(struct busy_poll_share *share, uint32_t us);

void busy_poll_init(struct busy_poll *poll);

/* This was received, here or asleep; at least one byte. */
void busy_poll_note(struct busy_poll *poll, const char *bytes, size_t size);

/* Receives what is there after giving way, or comes in time, as recv(2) with MSG_DONTWAIT does: -1
 * with EAGAIN when nothing came, or was not looked for, and it is time to sleep. */
ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_share *share, int fd, void *into,
                       size_t room);

#endif
