/* Time that only goes forward, also if the wall clock is set. */
#ifndef MONOTONIC_H
#define MONOTONIC_H

#include "invariant.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

static inline int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline int64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline struct timespec monotonic_timespec(int64_t ms)
{
    return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

static inline struct timespec monotonic_timespec_of_ns(int64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000),
                             .tv_nsec = (long)(ns % 1000000000)};
}

/* A condition variable with timed waits by this clock. */
static inline void monotonic_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    INVARIANT(pthread_condattr_init(&attributes) == 0);
    INVARIANT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    INVARIANT(pthread_cond_init(cond, &attributes) == 0);
    INVARIANT(pthread_condattr_destroy(&attributes) == 0);
}

#endif
