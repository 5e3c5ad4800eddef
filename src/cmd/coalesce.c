#include "coalesce.h"

bool coalesce_take(struct coalesce *coalesce, uint64_t count, int64_t now_ms)
{
    bool is_first = now_ms >= coalesce->until_ms;

    if (is_first) {
        coalesce->until_ms = now_ms + COALESCE_MS;
        count--;
    }
    coalesce->held += count;
    return is_first;
}

uint64_t coalesce_due(struct coalesce *coalesce, int64_t now_ms)
{
    if (coalesce->held == 0 || now_ms < coalesce->until_ms)
        return 0;
    coalesce->until_ms = now_ms + COALESCE_MS; /* while it lasts, it is one line a second */
    return coalesce_end(coalesce);
}

uint64_t coalesce_end(struct coalesce *coalesce)
{
    uint64_t held = coalesce->held;

    coalesce->held = 0;
    return held;
}
