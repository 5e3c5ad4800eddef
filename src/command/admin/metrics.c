#include "metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

static void describe(struct text *text, const char *name, const char *type, const char *help)
{
    text_add(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void sample(struct text *text, const char *name, const char *label, const char *value,
                   uint64_t number)
{
    text_add(text, "%s{%s=\"", name, label);
    text_label(text, value);
    text_add(text, "\"} %" PRIu64 "\n", number);
}

struct metric {
    const char *name;
    const char *type;
    const char *help;
    uint64_t number;
};

static void add_numbers(struct text *text, const struct admin_view *view)
{
    const struct lined_stats *stats = &view->statistics.server;
    const struct metric metrics[] = {
        {"lined_start_time_seconds", "gauge", "Start of lined, in seconds since 1970.",
         view->start_time},
        {"lined_ready", "gauge", "1 while lined accepts connections, 0 in a drain.",
         view->is_ready},
        {"lined_connections", "gauge", "Connections at this moment.", stats->connected},
        {"lined_connections_peak", "gauge", "The maximum of lined_connections.",
         stats->connected_peak},
        {"lined_connections_limit", "gauge", "The limit of --max-connections; 0: no limit.",
         view->max_connections},
        {"lined_connections_accepted_total", "counter", "Connections accepted and given a thread.",
         stats->connections},
        {"lined_connections_cut_total", "counter",
         "Connections cut by the drain timeout or a stop.", stats->connections_cut},
        {"lined_slow_consumers_total", "counter",
         "Connections closed because the client did not read pushed bytes.", stats->slow_consumers},
        {"lined_lines_total", "counter", "Lines passed to the handler.", stats->lines},
        {"lined_received_bytes_total", "counter", "Bytes received.", stats->bytes_in},
        {"lined_sent_bytes_total", "counter", "Bytes passed to the kernel for sending.",
         stats->bytes_out},
        {"lined_dropped_bytes_total", "counter", "Bytes received and not passed to the handler.",
         stats->bytes_dropped},
        {"lined_log_dropped_lines_total", "counter", "Lines that the packet log lacks.",
         view->statistics.log_dropped},
        {"lined_mailbox_depth", "gauge", "Messages that wait for the dispatcher.",
         stats->mailbox_depth},
        {"lined_mailbox_peak", "gauge", "The maximum of lined_mailbox_depth.", stats->mailbox_peak},
    };

    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        describe(text, metrics[i].name, metrics[i].type, metrics[i].help);
        text_add(text, "%s %" PRIu64 "\n", metrics[i].name, metrics[i].number);
    }
}

/* The library ends connections for this reason. */
static bool is_usual(int reason)
{
    return reason >= LINED_EOF && reason <= LINED_BAD_PROXY_HEADER && reason != LINED_DEADLINE &&
           reason != LINED_GONE;
}

/* Each reason has a sample from the start, so that a rate knows its first increase. */
static void add_reasons(struct text *text, const struct lined_stats *stats)
{
    static const char name[] = "lined_connections_closed_total";
    char reason[LINED_REASON_SIZE];

    describe(text, name, "counter", "Connections that have ended, by reason.");
    for (int i = 0; i < LINED_REASONS_MAX; i++) {
        if (stats->closed[i] == 0 && !is_usual(i))
            continue;
        lined_reason(i, reason);
        sample(text, name, "reason", reason, stats->closed[i]);
    }
    sample(text, name, "reason", "error", stats->closed_errors);
}

static void add_accept_errors(struct text *text, const struct lined_stats *stats)
{
    static const char name[] = "lined_accept_errors_total";
    char error[LINED_REASON_SIZE];

    describe(text, name, "counter", "Errors of accept(2), by errno.");
    for (int i = 0; i < LINED_ACCEPT_ERRORS_MAX && stats->accept_errors[i].count > 0; i++) {
        lined_reason(-stats->accept_errors[i].error, error);
        sample(text, name, "errno", error, stats->accept_errors[i].count);
    }
}

static void add_rejected(struct text *text, const struct lined_stats *stats)
{
    static const char name[] = "lined_clients_rejected_total";

    describe(text, name, "counter", "Clients that were not admitted, by cause.");
    sample(text, name, "cause", "busy", stats->rejected_busy);
    sample(text, name, "cause", "per_ip", stats->rejected_per_ip);
    sample(text, name, "cause", "denied", stats->rejected_denied);
}

/* The buckets of Prometheus include the shorter ones. */
static void add_latency(struct text *text, const struct lined_latency *latency)
{
    static const char name[] = "lined_batch_duration_seconds";
    uint64_t sum = 0;

    describe(text, name, "histogram",
             "Time from the return of recv to the return of send of a batch of lines.");
    for (int i = 0; i < LINED_LATENCY_BUCKETS; i++) {
        uint64_t bound = latency->bound_us[i];
        sum += latency->count[i];
        if (i == LINED_LATENCY_BUCKETS - 1)
            text_add(text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, sum);
        else
            text_add(text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)bound / 1e6, sum);
    }
    text_add(text, "%s_sum %" PRIu64 ".%06" PRIu64 "\n%s_count %" PRIu64 "\n", name,
             latency->sum_us / 1000000, latency->sum_us % 1000000, name, sum);
}

void metrics_text(struct text *text, const struct admin_view *view)
{
    const struct lined_stats *stats = &view->statistics.server;

    describe(text, "lined_build_info", "gauge", "The version of lined.");
    sample(text, "lined_build_info", "version", lined_version(), 1);
    add_numbers(text, view);
    add_reasons(text, stats);
    add_rejected(text, stats);
    add_accept_errors(text, stats);
    add_latency(text, &view->latency);
}
