/*
 * The schedule of an open loop, with equal intervals: line i is due i/rate seconds after the
 * beginning, on connection i % connections. Pure.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdint.h>

#define SCHEDULE_NS_PER_S 1000000000u

struct schedule {
    uint64_t began_ns;
    uint32_t rate; /* lines per second, at most 10 million */
    uint32_t connections;
};

/* When line i is due, in whole nanoseconds, rounded down. */
static inline uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t i)
{
    uint32_t rate = schedule->rate;

    return schedule->began_ns + i / rate * SCHEDULE_NS_PER_S + i % rate * SCHEDULE_NS_PER_S / rate;
}

/* How many lines are due by this time: all with schedule_due_ns(i) <= now_ns. */
static inline uint64_t schedule_due(const struct schedule *schedule, uint64_t now_ns)
{
    uint64_t rate = schedule->rate;

    if (now_ns < schedule->began_ns)
        return 0;
    uint64_t before = now_ns - schedule->began_ns + 1; /* i/rate seconds < before nanoseconds */
    return before / SCHEDULE_NS_PER_S * rate +
           (before % SCHEDULE_NS_PER_S * rate + SCHEDULE_NS_PER_S - 1) / SCHEDULE_NS_PER_S;
}

/* How many of the first due lines belong to this connection. */
static inline uint64_t schedule_share(const struct schedule *schedule, uint64_t due,
                                      uint32_t connection)
{
    return (due + schedule->connections - 1 - connection) / schedule->connections;
}

/* When line n of a connection is due. */
static inline uint64_t schedule_line_ns(const struct schedule *schedule, uint32_t connection,
                                        uint64_t n)
{
    return schedule_due_ns(schedule, n * schedule->connections + connection);
}

#endif
