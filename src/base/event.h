/*
 * An event that one thread sets and another waits for with poll(2) or epoll(7): an eventfd(2).
 */
#ifndef EVENT_H
#define EVENT_H

#include "invariant.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Returns the descriptor, or -errno. */
static inline int event_open(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    return fd < 0 ? -errno : fd;
}

/* It becomes readable. Any thread. */
static inline void event_set(int event)
{
    const uint64_t one = 1;

    /* EAGAIN: it was set 2^64 - 2 times, and is readable. */
    INVARIANT(write(event, &one, sizeof one) == sizeof one || errno == EAGAIN);
}

/* It is not readable until it is set again. */
static inline void event_clear(int event)
{
    uint64_t count;

    INVARIANT(read(event, &count, sizeof count) == sizeof count || errno == EAGAIN);
}

#endif
