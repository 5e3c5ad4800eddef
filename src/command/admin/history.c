#include "history.h"

#include "base/invariant.h"

struct history_sample history_sample(const struct lined_stats *stats)
{
    return (struct history_sample){
        .at_ms = stats->uptime_ms, .connected = stats->connected, .lines = stats->lines};
}

void history_add(struct history *history, const struct history_sample *sample)
{
    INVARIANT(pthread_mutex_lock(&history->lock) == 0);
    history->samples[history->added++ % HISTORY_SAMPLES] = *sample;
    INVARIANT(pthread_mutex_unlock(&history->lock) == 0);
}

size_t history_read(struct history *history, struct history_sample samples[HISTORY_SAMPLES])
{
    INVARIANT(pthread_mutex_lock(&history->lock) == 0);
    size_t first = history->added > HISTORY_SAMPLES ? history->added - HISTORY_SAMPLES : 0;
    size_t count = 0;
    for (size_t i = first; i < history->added; i++)
        samples[count++] = history->samples[i % HISTORY_SAMPLES];
    INVARIANT(pthread_mutex_unlock(&history->lock) == 0);
    return count;
}
