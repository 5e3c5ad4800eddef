#include "pace.h"

#define NS_PER_MS     INT64_C(1000000)
#define NS_PER_SECOND (1000 * NS_PER_MS)

#define CATCH_UP_MS 100

void pace_init(struct pace *pace, uint32_t rate)
{
    *pace = (struct pace){.interval_ns = rate == 0 ? 0 : NS_PER_SECOND / rate};
}

int64_t pace_due_ms(const struct pace *pace)
{
    return (pace->due_ns + NS_PER_MS - 1) / NS_PER_MS;
}

void pace_take(struct pace *pace, int64_t now_ms)
{
    int64_t earliest_ns = (now_ms - CATCH_UP_MS) * NS_PER_MS;

    if (!pace_is_limited(pace))
        return;
    if (pace->due_ns < earliest_ns)
        pace->due_ns = earliest_ns;
    pace->due_ns += pace->interval_ns;
}
