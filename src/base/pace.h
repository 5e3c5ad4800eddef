/*
 * A rate: how soon the next of many equal things is due. Pure arithmetic on monotonic time: the
 * caller reads the clock and waits.
 *
 * Things that were due in the last 100 ms and did not come are made up for: the clock counts in
 * milliseconds, and a wake-up may be late. It is a token bucket of a tenth of a second.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    int64_t interval_ns; /* from one to the next; 0: no limit */
    int64_t due_ns;      /* monotonic; when the next one is due */
};

/* rate: per second; 0: no limit. */
void pace_init(struct pace *pace, uint32_t rate);

static inline bool pace_is_limited(const struct pace *pace)
{
    return pace->interval_ns != 0;
}

/* When the next one is due, monotonic ms; a time that has passed means now. */
int64_t pace_due_ms(const struct pace *pace);

/* One has come. */
void pace_take(struct pace *pace, int64_t now_ms);

#endif
