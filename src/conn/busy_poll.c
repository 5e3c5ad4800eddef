#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT */
#include "busy_poll.h"

#include "base/monotonic.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>

/* The first receives of a connection sleep: many clients send one line and disconnect. */
#define SKIP_FIRST 4

/* So many receives sleep if the maximum of threads poll already. */
#define SKIP_CROWDED 15

/* After this many misses in a row one receive in 2^10 polls. */
#define MISSES_MAX 10

/* After a yield that took a time slice, one receive in 2^13 polls: each such try costs
 * milliseconds. */
#define MISSES_SLICE 13

/* A yield that no other thread uses takes a fraction of a microsecond. One that runs another
 * thread, with a send or a recv in it, takes several; one that runs a program that computes takes
 * the rest of a time slice, 1 to 4 ms. */
#define FREE_YIELD_NS  5000
#define SLICE_YIELD_NS 1000000

void busy_poll_limit_init(struct busy_poll_limit *limit, uint32_t us)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;

    *limit = (struct busy_poll_limit){.us = us, .max = count < 4 ? 1 : count / 2};
}

void busy_poll_init(struct busy_poll *poll)
{
    *poll = (struct busy_poll){.skip = SKIP_FIRST};
}

static ssize_t nothing(void)
{
    errno = EAGAIN;
    return -1;
}

static void note_miss(struct busy_poll *poll, int64_t yield_ns)
{
    if (yield_ns >= SLICE_YIELD_NS)
        poll->misses = MISSES_SLICE;
    else if (poll->misses < MISSES_MAX)
        poll->misses++;
    poll->skip = (uint16_t)((1u << poll->misses) - 1);
}

/* Tries to receive after each yield, until there are bytes or an error, another thread has run, or
 * the time is over. */
static ssize_t try_repeatedly(struct busy_poll *poll, uint32_t us, int fd, void *into, size_t size)
{
    int64_t now = monotonic_ns();
    int64_t end = now + (int64_t)us * 1000;

    for (;;) {
        int64_t before = now;
        sched_yield();
        now = monotonic_ns();
        bool is_free = now - before <= FREE_YIELD_NS;
        ssize_t received = recv(fd, into, size, MSG_DONTWAIT);
        bool has_come = received >= 0 || errno != EAGAIN;
        if (has_come && is_free)
            poll->misses = 0;
        else if (has_come || !is_free || now >= end)
            note_miss(poll, now - before);
        else
            continue;
        return received;
    }
}

ssize_t busy_poll_recv(struct busy_poll *poll, struct busy_poll_limit *limit, int fd, void *into,
                       size_t size)
{
    ssize_t received = nothing();

    if (limit->us == 0)
        return received;
    if (poll->skip > 0) {
        poll->skip--;
        return received;
    }
    if (atomic_fetch_add_explicit(&limit->polling, 1, memory_order_relaxed) < limit->max)
        received = try_repeatedly(poll, limit->us, fd, into, size);
    else
        poll->skip = SKIP_CROWDED;
    atomic_fetch_sub_explicit(&limit->polling, 1, memory_order_relaxed);
    return received;
}
