#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "busy_poll.h"

#include "monotonic.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>

/* Giving way to nobody takes a fraction of a microsecond, and another thread's turn, with a send or
 * a recv in it, several: a turn longer than this was another's. */
#define OWN_TURN_NS 5000

void busy_poll_share_init(struct busy_poll_share *share, uint32_t us)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;

    *share = (struct busy_poll_share){.us = us, .most = count < 4 ? 1 : count / 2};
}

static bool is_due(struct busy_poll *poll, const struct busy_poll_share *share)
{
    if (share->us == 0)
        return false;
    if (poll->skip == 0)
        return true;
    poll->skip--;
    return false;
}

static void note_miss(struct busy_poll *poll)
{
    if (poll->misses < BUSY_POLL_MISSES_MOST)
        poll->misses++;
    poll->skip = (uint16_t)((1u << poll->misses) - 1);
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
        if (now_ns >= end_ns || now_ns - began > OWN_TURN_NS) {
            errno = EAGAIN;
            return -1;
        }
    }
}

static ssize_t wait_awake(struct busy_poll *poll, struct busy_poll_share *share, int64_t now_ns,
                          int fd, void *into, size_t room)
{
    ssize_t size = -1;

    if (atomic_fetch_add_explicit(&share->awake, 1, memory_order_relaxed) < share->most) {
        size = look_until(now_ns + (int64_t)share->us * 1000, now_ns, fd, into, room);
        if (size >= 0)
            poll->misses = 0;
        else
            note_miss(poll);
    } else {
        poll->skip = BUSY_POLL_SKIP_CROWD;
        errno = EAGAIN;
    }
    atomic_fetch_sub_explicit(&share->awake, 1, memory_order_relaxed);
    return size;
}

ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_share *share, int fd, void *into,
                       size_t room)
{
    bool due = is_due(poll, share);
    int64_t began = due ? monotonic_ns() : 0;

    sched_yield();
    ssize_t size = recv(fd, into, room, MSG_DONTWAIT);
    if (!due || size >= 0 || errno != EAGAIN)
        return size;

    int64_t now = monotonic_ns();
    if (now - began <= OWN_TURN_NS)
        return wait_awake(poll, share, now, fd, into, room);
    note_miss(poll);
    errno = EAGAIN;
    return -1;
}
