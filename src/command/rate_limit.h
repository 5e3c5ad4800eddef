/*
 * Warnings of one kind that come again and again: the first is said, and of the others how many
 * there were, once a second. Pure: told the time, tells what to say.
 *
 *     warning       full text, said at once
 *     more of them  counted
 *     a second on   "N more in the last second", as often as there were any
 *     a second without any: the next one is said in full again
 */
#ifndef RATE_LIMIT_H
#define RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_LIMIT_MS 1000

/* One kind. All zero: none has come yet. */
struct rate_limit {
    int64_t until_ms; /* what comes before is counted; monotonic; 0: nothing was said yet */
    uint64_t held;    /* counted, and not said yet */
};

/* So many warnings have come at once, one at least. Returns whether the first is to be said in
 * full; what is not said is counted. Call rate_limit_due before, so that what was counted for an
 * earlier second is said first. */
bool rate_limit_take(struct rate_limit *rate_limit, uint64_t count, int64_t now_ms);

/* How many more are to be said now, because their second is over; 0: nothing. */
uint64_t rate_limit_due(struct rate_limit *rate_limit, int64_t now_ms);

/* The same whether it is over or not, for there will be no other occasion. */
uint64_t rate_limit_end(struct rate_limit *rate_limit);

#endif
