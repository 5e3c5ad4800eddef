#include "rate_limit.h"

bool rate_limit_take(struct rate_limit *rate_limit, uint64_t count, int64_t now_ms)
{
    bool is_first = now_ms >= rate_limit->until_ms;

    if (is_first) {
        rate_limit->until_ms = now_ms + RATE_LIMIT_MS;
        count--;
    }
    rate_limit->held += count;
    return is_first;
}

uint64_t rate_limit_due(struct rate_limit *rate_limit, int64_t now_ms)
{
    if (rate_limit->held == 0 || now_ms < rate_limit->until_ms)
        return 0;
    rate_limit->until_ms = now_ms + RATE_LIMIT_MS; /* so at most one line per second */
    return rate_limit_end(rate_limit);
}

uint64_t rate_limit_end(struct rate_limit *rate_limit)
{
    uint64_t held = rate_limit->held;

    rate_limit->held = 0;
    return held;
}
