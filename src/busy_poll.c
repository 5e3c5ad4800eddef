#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "busy_poll.h"

#include "give_way.h"
#include "monotonic.h"

#include <errno.h>
#include <sched.h>
#include <sys/socket.h>

/* Giving way to nobody takes a fraction of a microsecond, and another thread's turn, with a send or
 * a recv in it, several: after a longer one than this the core is not free. */
#define FREE_TURN_NS 5000

void busy_poll_share_init(struct busy_poll_share *share, uint32_t us)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;

    *share = (struct busy_poll_share){.us = us, .most = count < 4 ? 1 : count / 2};
}

void busy_poll_init(struct busy_poll *poll)
{
    *poll = (struct busy_poll){.first = BUSY_POLL_SKIP_FIRST};
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

static ssize_t wait_awake(struct back_off *stay_awake, struct busy_poll_share *share, int fd,
                          void *into, size_t room)
{
    ssize_t size = nothing();

    if (atomic_fetch_add_explicit(&share->awake, 1, memory_order_relaxed) < share->most) {
        int64_t now_ns = monotonic_ns();
        size = look_until(now_ns + (int64_t)share->us * 1000, now_ns, fd, into, room);
        if (size >= 0)
            back_off_paid(stay_awake);
        else
            back_off_missed(stay_awake);
    } else {
        stay_awake->skip = BUSY_POLL_SKIP_CROWD;
    }
    atomic_fetch_sub_explicit(&share->awake, 1, memory_order_relaxed);
    return size;
}

ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_share *share, int fd, void *into,
                       size_t room)
{
    if (poll->first > 0) {
        poll->first--;
        return nothing();
    }
    int64_t turn = give_way(&share->give_way);
    if (turn < 0)
        return nothing();
    ssize_t size = recv(fd, into, room, MSG_DONTWAIT);
    if (size >= 0 || errno != EAGAIN || share->us == 0 || !back_off_is_due(&poll->stay_awake))
        return size;
    if (turn <= FREE_TURN_NS)
        return wait_awake(&poll->stay_awake, share, fd, into, room);
    back_off_missed(&poll->stay_awake);
    return nothing();
}
