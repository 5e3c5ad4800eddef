#include "statistics.h"

#include "base/invariant.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Appends to text at the offset used. Returns the new offset. */
__attribute__((format(printf, 3, 4))) static size_t append(char text[STATISTICS_JSON_SIZE],
                                                           size_t used, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(text + used, STATISTICS_JSON_SIZE - used, format, arguments);
    va_end(arguments);
    /* The largest numbers, all errnos and all reasons fit: test_statistics_text.c.
     */
    INVARIANT(size >= 0 && (size_t)size < STATISTICS_JSON_SIZE - used);
    return used + (size_t)size;
}

/* The names of errnos are letters and digits, so nothing needs escaping. */
static size_t append_accept_errors(char text[STATISTICS_JSON_SIZE], size_t used,
                                   const struct lined_accept_error *errors)
{
    char name[LINED_REASON_SIZE];

    used = append(text, used, "\"accept_errors\":{");
    for (size_t i = 0; i < LINED_ACCEPT_ERRORS_MAX && errors[i].count > 0; i++) {
        lined_reason(-errors[i].error, name);
        used = append(text, used, "%s\"%s\":%" PRIu64, i == 0 ? "" : ",", name, errors[i].count);
    }
    return append(text, used, "},");
}

/* The words of reasons are letters and spaces. */
static size_t append_closed(char text[STATISTICS_JSON_SIZE], size_t used,
                            const uint64_t closed[LINED_REASONS_MAX])
{
    char name[LINED_REASON_SIZE];
    const char *comma = "";

    used = append(text, used, "\"closed\":{");
    for (int i = 0; i < LINED_REASONS_MAX; i++) {
        if (closed[i] == 0)
            continue;
        lined_reason(i, name);
        used = append(text, used, "%s\"%s\":%" PRIu64, comma, name, closed[i]);
        comma = ",";
    }
    return append(text, used, "}");
}

void statistics_json(const struct statistics *statistics, char text[STATISTICS_JSON_SIZE])
{
    const struct lined_stats *server = &statistics->server;
    const struct {
        const char *name;
        uint64_t figure;
    } numbers[] = {
        {"connections", server->connections},
        {"connected", server->connected},
        {"connected_peak", server->connected_peak},
        {"rejected", server->rejected},
        {"rejected_busy", server->rejected_busy},
        {"rejected_per_ip", server->rejected_per_ip},
        {"rejected_denied", server->rejected_denied},
        {"bad_proxy_headers", server->bad_proxy_headers},
        {"connections_cut", server->connections_cut},
        {"lines", server->lines},
        {"bytes_in", server->bytes_in},
        {"bytes_out", server->bytes_out},
        {"bytes_dropped", server->bytes_dropped},
        {"slow_consumers", server->slow_consumers},
        {"mailbox_depth", server->mailbox_depth},
        {"mailbox_peak", server->mailbox_peak},
        {"uptime_ms", server->uptime_ms},
        {"closed_errors", server->closed_errors},
        {"log_dropped", statistics->log_dropped},
    };
    size_t used = append(text, 0, "{");

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        used = append(text, used, "\"%s\":%" PRIu64 ",", numbers[i].name, numbers[i].figure);
    used = append_accept_errors(text, used, server->accept_errors);
    used = append_closed(text, used, server->closed);
    append(text, used, "}");
}

void statistics_sentence(const struct statistics *statistics, char text[STATISTICS_SENTENCE_SIZE])
{
    const struct lined_stats *server = &statistics->server;
    int size = snprintf(text, STATISTICS_SENTENCE_SIZE,
                        "served %" PRIu64 " connections, %" PRIu64 " lines, %" PRIu64
                        " bytes in, %" PRIu64 " bytes out, %" PRIu64 " unfinished bytes dropped",
                        server->connections, server->lines, server->bytes_in, server->bytes_out,
                        server->bytes_dropped);

    INVARIANT(size > 0 && size < STATISTICS_SENTENCE_SIZE);
}
