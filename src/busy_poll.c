#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "busy_poll.h"

#include "monotonic.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>

/* Giving way to nobody takes a fraction of a microsecond, and another thread's turn, with a send or
 * a recv in it, several: after a longer one than this the core is not free. */
#define FREE_TURN_NS 5000

/* All the busy connections of a core have their turns in less. Another program, which computes, is
 * given a slice of about three milliseconds. */
#define LONG_TURN_NS 2000000

void busy_poll_share_init(struct busy_poll_share *share, uint32_t us)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;

    *share = (struct busy_poll_share){.us = us, .most = count < 4 ? 1 : count / 2};
}

static bool is_due(struct busy_poll_try *attempt)
{
    if (attempt->skip == 0)
        return true;
    attempt->skip--;
    return false;
}

static void note_miss(struct busy_poll_try *attempt)
{
    if (attempt->misses < BUSY_POLL_MISSES_MOST)
        attempt->misses++;
    attempt->skip = (uint16_t)((1u << attempt->misses) - 1);
}

void busy_poll_note_turn(struct busy_poll_try *give_way, int64_t turn_ns)
{
    if (turn_ns > LONG_TURN_NS)
        note_miss(give_way);
    else
        give_way->misses = 0;
}

static ssize_t nothing(void)
{
    errno = EAGAIN;
    return -1;
}

/* Looks again and again, from a moment when nothing was there. Ends with bytes or an error, or with
 * EAGAIN when the time is over or somebody else wants the core. */
static ssize_t look_until(int64_t end_ns, int64_t now_ns, int fd, void *into, size_t room)
{
    for (;;) {
        int64_t began = now_ns;
        sched_yield();
        ssize_t size = recv(fd, into, room, MSG_DONTWAIT);
        if (size >= 0 || errno != EAGAIN)
            return size;
        now_ns = monotonic_ns();
        if (now_ns >= end_ns || now_ns - began > FREE_TURN_NS)
            return nothing();
    }
}

static ssize_t wait_awake(struct busy_poll_try *stay_awake, struct busy_poll_share *share,
                          int64_t now_ns, int fd, void *into, size_t room)
{
    ssize_t size = nothing();

    if (atomic_fetch_add_explicit(&share->awake, 1, memory_order_relaxed) < share->most) {
        size = look_until(now_ns + (int64_t)share->us * 1000, now_ns, fd, into, room);
        if (size >= 0)
            stay_awake->misses = 0;
        else
            note_miss(stay_awake);
    } else {
        stay_awake->skip = BUSY_POLL_SKIP_CROWD;
    }
    atomic_fetch_sub_explicit(&share->awake, 1, memory_order_relaxed);
    return size;
}

ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_share *share, int fd, void *into,
                       size_t room)
{
    if (!is_due(&poll->give_way))
        return nothing();
    int64_t began = monotonic_ns();
    sched_yield();
    int64_t now = monotonic_ns();
    busy_poll_note_turn(&poll->give_way, now - began);
    ssize_t size = recv(fd, into, room, MSG_DONTWAIT);
    if (size >= 0 || errno != EAGAIN || share->us == 0 || !is_due(&poll->stay_awake))
        return size;
    if (now - began <= FREE_TURN_NS)
        return wait_awake(&poll->stay_awake, share, now, fd, into, room);
    note_miss(&poll->stay_awake);
    return nothing();
}
