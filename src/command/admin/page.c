#include "page.h"

#include "plot.h"

#include <page_files.h> /* not in the tree: CMakeLists.txt makes it from page.css and page.js */

#include <inttypes.h>

void page_policy(struct text *text, const char nonce[PAGE_NONCE_SIZE])
{
    text_add(text,
             "Content-Security-Policy: default-src 'none'; script-src 'nonce-%s'; "
             "style-src 'nonce-%s'; connect-src 'self'; img-src data:; base-uri 'none'; "
             "form-action 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n",
             nonce, nonce);
}

/* ---- JSON ---- */

static void json_numbers(struct text *text, const char *name,
                         const uint64_t numbers[LINED_LATENCY_BUCKETS], int count)
{
    text_add(text, "\"%s\":[", name);
    for (int i = 0; i < count; i++)
        text_add(text, "%s%" PRIu64, i == 0 ? "" : ",", numbers[i]);
    text_add(text, "],");
}

static void json_connections(struct text *text, const struct admin_view *view)
{
    for (size_t i = 0; i < view->oldest_count; i++) {
        const struct lined_conn_info *info = &view->oldest[i];
        text_add(text, "%s{\"number\":%" PRIu64 ",\"peer\":\"", i == 0 ? "" : ",",
                 info->handle.number);
        text_json(text, info->peer);
        text_add(text,
                 "\",\"age_ms\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"bytes_in\":%" PRIu64
                 ",\"bytes_out\":%" PRIu64 "}",
                 info->age_ms, info->lines, info->bytes_in, info->bytes_out);
    }
}

void page_json(struct text *text, const struct admin_view *view)
{
    char json[STATISTICS_JSON_SIZE];

    statistics_json(&view->statistics, json);
    text_add(text, "{\"version\":\"%s\",\"start_time\":%" PRIu64 ",\"ready\":%s", lined_version(),
             view->start_time, view->is_ready ? "true" : "false");
    text_add(text, ",\"max_connections\":%zu,\"statistics\":%s,\"latency\":{",
             view->max_connections, json);
    json_numbers(text, "bound_us", view->latency.bound_us, LINED_LATENCY_BUCKETS - 1);
    json_numbers(text, "count", view->latency.count, LINED_LATENCY_BUCKETS);
    text_add(text, "\"sum_us\":%" PRIu64 "},\"oldest\":[", view->latency.sum_us);
    json_connections(text, view);
    text_add(text, "],\"plots\":{");
    for (int kind = 0; kind < PLOT_KINDS; kind++) {
        text_add(text, kind == 0 ? "" : ",");
        plot_json(text, view, (enum plot_kind)kind);
    }
    text_add(text, "}}\n");
}

/* ---- HTML ---- */

/* A row of a table. The script replaces the number; key is its name in the JSON. */
static void row(struct text *text, const char *label, const char *key, uint64_t number)
{
    text_add(text, "<tr><th scope=row>%s<td data-key=%s>", label, key);
    text_number(text, number);
    text_add(text, "\n");
}

static void named_row(struct text *text, const char *name, uint64_t number)
{
    text_add(text, "<tr><th scope=row>");
    text_html(text, name);
    text_add(text, "<td>");
    text_number(text, number);
    text_add(text, "\n");
}

static void begin_table(struct text *text, const char *title, const char *id)
{
    text_add(text, "<section><h2>%s</h2><table><tbody id=%s>\n", title, id);
}

static void end_table(struct text *text)
{
    text_add(text, "</tbody></table></section>\n");
}

static void none_row(struct text *text, unsigned columns)
{
    text_add(text, "<tr><td class=none colspan=%u>none\n", columns);
}

static void traffic_table(struct text *text, const struct lined_stats *stats)
{
    begin_table(text, "Traffic", "traffic");
    row(text, "lines", "lines", stats->lines);
    row(text, "bytes received", "bytes_in", stats->bytes_in);
    row(text, "bytes sent", "bytes_out", stats->bytes_out);
    row(text, "bytes dropped", "bytes_dropped", stats->bytes_dropped);
    end_table(text);
}

static void connections_table(struct text *text, const struct admin_view *view)
{
    const struct lined_stats *stats = &view->statistics.server;

    begin_table(text, "Connections", "connections");
    row(text, "now", "connected", stats->connected);
    row(text, "accepted", "connections", stats->connections);
    row(text, "peak", "connected_peak", stats->connected_peak);
    text_add(text, "<tr><th scope=row>limit<td>");
    if (view->max_connections == 0)
        text_add(text, "none");
    else
        text_number(text, view->max_connections);
    text_add(text, "\n");
    row(text, "cut", "connections_cut", stats->connections_cut);
    end_table(text);
}

static void ends_table(struct text *text, const struct lined_stats *stats)
{
    char reason[LINED_REASON_SIZE];
    uint64_t sum = stats->closed_errors;

    begin_table(text, "Ends by reason", "closed");
    for (int i = 0; i < LINED_REASONS_MAX; i++) {
        sum += stats->closed[i];
        if (stats->closed[i] == 0)
            continue;
        lined_reason(i, reason);
        named_row(text, reason, stats->closed[i]);
    }
    if (stats->closed_errors > 0)
        named_row(text, "error", stats->closed_errors);
    if (sum == 0)
        none_row(text, 2);
    end_table(text);
}

static void rejected_table(struct text *text, const struct lined_stats *stats)
{
    begin_table(text, "Rejected clients", "rejections");
    row(text, "above --max-connections", "rejected_busy", stats->rejected_busy);
    row(text, "above --max-per-ip", "rejected_per_ip", stats->rejected_per_ip);
    row(text, "by --allow or --deny", "rejected_denied", stats->rejected_denied);
    end_table(text);
}

static void accept_errors_table(struct text *text, const struct lined_stats *stats)
{
    char error[LINED_REASON_SIZE];

    begin_table(text, "Errors of accept", "accept_errors");
    for (int i = 0; i < LINED_ACCEPT_ERRORS_MAX && stats->accept_errors[i].count > 0; i++) {
        lined_reason(-stats->accept_errors[i].error, error);
        named_row(text, error, stats->accept_errors[i].count);
    }
    if (stats->accept_errors[0].count == 0)
        none_row(text, 2);
    end_table(text);
}

static void queues_table(struct text *text, const struct statistics *statistics)
{
    begin_table(text, "Queues and losses", "queues");
    row(text, "mailbox now", "mailbox_depth", statistics->server.mailbox_depth);
    row(text, "mailbox peak", "mailbox_peak", statistics->server.mailbox_peak);
    row(text, "slow consumers", "slow_consumers", statistics->server.slow_consumers);
    row(text, "log lines dropped", "log_dropped", statistics->log_dropped);
    end_table(text);
}

static void latency_bound(struct text *text, uint64_t us)
{
    if (us == UINT64_MAX)
        text_add(text, "longer");
    else if (us < 1000)
        text_add(text, "%" PRIu64 " &micro;s", us);
    else if (us < 1000000)
        text_add(text, "%g ms", (double)us / 1000);
    else
        text_add(text, "%g s", (double)us / 1000000);
}

static void latency_table(struct text *text, const struct lined_latency *latency)
{
    uint64_t most = 1;

    for (int i = 0; i < LINED_LATENCY_BUCKETS; i++)
        most = latency->count[i] > most ? latency->count[i] : most;
    text_add(text, "<section class=wide><h2>Time for a batch of lines</h2><table>"
                   "<thead><tr><th>up to<th class=r>batches<th></thead><tbody id=latency>\n");
    for (int i = 0; i < LINED_LATENCY_BUCKETS; i++) {
        text_add(text, "<tr><th scope=row>");
        latency_bound(text, latency->bound_us[i]);
        text_add(text, "<td>");
        text_number(text, latency->count[i]);
        text_add(text,
                 "<td class=bar><svg viewBox=\"0 0 100 8\" preserveAspectRatio=none><rect "
                 "width=\"%.1f\" height=8></rect></svg>\n",
                 100 * (double)latency->count[i] / (double)most);
    }
    end_table(text);
}

static void oldest_table(struct text *text, const struct admin_view *view)
{
    text_add(text, "<section class=wide><h2>Oldest connections</h2><table><thead><tr><th>client"
                   "<th class=r>age<th class=r>lines<th class=r>received<th class=r>sent</thead>"
                   "<tbody id=oldest>\n");
    for (size_t i = 0; i < view->oldest_count; i++) {
        const struct lined_conn_info *info = &view->oldest[i];
        text_add(text, "<tr><th scope=row>");
        text_html(text, info->peer);
        text_add(text, "<td>");
        text_age(text, info->age_ms);
        text_add(text, "<td>");
        text_number(text, info->lines);
        text_add(text, "<td>");
        text_number(text, info->bytes_in);
        text_add(text, "<td>");
        text_number(text, info->bytes_out);
        text_add(text, "\n");
    }
    if (view->oldest_count == 0)
        none_row(text, 5);
    end_table(text);
}

static void header(struct text *text, const struct admin_view *view)
{
    text_add(text, "<header><h1>lined</h1><p>version %s, handler ", lined_version());
    text_html(text, view->handler);
    text_add(text, ", up <span id=uptime>");
    text_age(text, view->statistics.server.uptime_ms);
    text_add(text, "</span><p id=state class=%s>%s</p></header>\n",
             view->is_ready ? "ready" : "draining", view->is_ready ? "ready" : "draining");
}

static void plots(struct text *text, const struct admin_view *view)
{
    text_add(text, "<div id=plots>\n");
    for (int kind = 0; kind < PLOT_KINDS; kind++)
        plot_html(text, view, (enum plot_kind)kind);
    text_add(text, "</div>\n");
}

void page_html(struct text *text, const struct admin_view *view, const char nonce[PAGE_NONCE_SIZE])
{
    const struct lined_stats *stats = &view->statistics.server;

    text_add(text,
             "<!doctype html><html lang=en><head><meta charset=utf-8><title>lined</title>"
             "<meta name=viewport content=\"width=device-width\"><link rel=icon href=\"data:,\">"
             "<noscript><meta http-equiv=refresh content=5></noscript><style nonce=%s>\n",
             nonce);
    text_bytes(text, (const char *)page_css, sizeof page_css);
    text_add(text, "</style></head><body>\n");
    header(text, view);
    plots(text, view);
    text_add(text, "<main>\n");
    connections_table(text, view);
    traffic_table(text, stats);
    ends_table(text, stats);
    rejected_table(text, stats);
    accept_errors_table(text, stats);
    queues_table(text, &view->statistics);
    latency_table(text, &view->latency);
    oldest_table(text, view);
    text_add(text, "</main><script nonce=%s>\n", nonce);
    text_bytes(text, (const char *)page_js, sizeof page_js);
    text_add(text, "</script></body></html>\n");
}
