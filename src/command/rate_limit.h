/*
 * Limits repeated warnings of one kind: the first is printed, and the following ones are counted;
 * the count is printed once per second. Pure: the caller passes the time and prints.
 *
 *     first warning          printed in full
 *     more within a second   counted
 *     after a second "N more in the last second", as often as there were any
 *     after a second without a warning, the next one is printed in full again
 */
#ifndef RATE_LIMIT_H
#define RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_LIMIT_MS 1000

/* One kind of warning. All zero: none has come yet. */
struct rate_limit {
    int64_t
        until_ms;  /* warnings before this time are counted; monotonic; 0: none was printed yet */
    uint64_t held; /* counted, and not printed yet */
};

/* count warnings, at least one, have come at once. Returns true if the caller must print one in
 * full; the others are counted. Call rate_limit_due before, so that the count of an earlier second
 * is printed first. */
bool rate_limit_take(struct rate_limit *rate_limit, uint64_t count, int64_t now_ms);

/* The count to print now, because its second is over; 0: nothing to print. */
uint64_t rate_limit_due(struct rate_limit *rate_limit, int64_t now_ms);

/* The count to print at the end of the process, even if its second is not over. */
uint64_t rate_limit_end(struct rate_limit *rate_limit);

#endif
