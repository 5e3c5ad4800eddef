/*
 * What the admin listener shows of a server, at one moment.
 */
#ifndef ADMIN_VIEW_H
#define ADMIN_VIEW_H

#include "command/log/log_writer.h"
#include "command/statistics.h"
#include "history.h"

#include <lined.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where it comes from. Set before the admin listener starts, and it does not change afterwards. */
struct admin_source {
    lined_server *server;
    struct log_writer *log; /* NULL: no packet log */
    struct history *history;
    size_t max_connections; /* 0: no limit */
    const char *handler;    /* its name */
    uint64_t start_time;    /* seconds since 1970 */

    /* The command answers and acts. Any thread. */
    bool (*is_ready)(void *context); /* false in a drain */
    void (*drain)(void *context);
    void *context;
};

/* How many of the oldest connections are shown. */
#define ADMIN_OLDEST 20

struct admin_view {
    struct statistics statistics;
    struct lined_latency latency;
    size_t max_connections;
    const char *handler;
    uint64_t start_time;
    bool is_ready;
    size_t oldest_count;
    struct lined_conn_info oldest[ADMIN_OLDEST]; /* the oldest first */
    size_t sample_count;
    struct history_sample
        samples[HISTORY_SAMPLES + 1]; /* the oldest first; the last is the moment */
};

/* for_page: fill oldest, for which each connection is visited, and samples. Any thread. */
void admin_view_take(struct admin_view *view, const struct admin_source *source, bool for_page);

#endif
