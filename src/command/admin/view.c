#include "view.h"

#include "command/report.h"

#include <string.h>

/* Puts info in its place, if it is one of the oldest so far. */
static bool keep_oldest(void *argument, const struct lined_conn_info *info)
{
    struct admin_view *view = argument;
    size_t place = view->oldest_count;

    while (place > 0 && view->oldest[place - 1].age_ms < info->age_ms)
        place--;
    if (place == ADMIN_OLDEST)
        return true;
    if (view->oldest_count < ADMIN_OLDEST)
        view->oldest_count++;
    memmove(&view->oldest[place + 1], &view->oldest[place],
            (view->oldest_count - place - 1) * sizeof view->oldest[0]);
    view->oldest[place] = *info;
    return true;
}

/* The history, and this moment. A rate over a short time means little, so a sample that is less
 * than half a step old is left out. */
static void take_samples(struct admin_view *view, struct history *history)
{
    const struct history_sample now = history_sample(&view->statistics.server);
    size_t count = history_read(history, view->samples);

    while (count > 1 && now.at_ms < view->samples[count - 1].at_ms + HISTORY_STEP_MS / 2)
        count--;
    view->samples[count] = now;
    view->sample_count = count + 1;
}

void admin_view_take(struct admin_view *view, const struct admin_source *source, bool for_page)
{
    *view = (struct admin_view){.statistics = report_take(source->server, source->log),
                                .max_connections = source->max_connections,
                                .handler = source->handler,
                                .start_time = source->start_time,
                                .is_ready = source->is_ready(source->context)};
    lined_server_latency(source->server, &view->latency, sizeof view->latency);
    if (!for_page)
        return;
    lined_foreach(source->server, keep_oldest, view);
    take_samples(view, source->history);
}
