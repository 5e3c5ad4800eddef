#include "log_format.h"

#include "inspect.h"
#include "timestamp.h"

#include <string.h>

static const char label[] = "Incoming packet: ";

/* The time, the address, the label, the LF, and the texts of a close. */
#define AROUND_MAX 512u

_Static_assert(LOG_FORMAT_MAX >= INSPECT_MAX + AROUND_MAX, "room for every event");

bool log_format_has_peer(const struct log_style *style)
{
    return style->format == LOG_JSON || style->has_peer;
}

size_t log_format_bound(const struct log_style *style, size_t size)
{
    return style->format == LOG_JSON ? json_line_bound(size) : inspect_bound(size) + AROUND_MAX;
}

static char *put(char *to, const char *text, size_t size)
{
    return (char *)memcpy(to, text, size) + size;
}

static char *put_words(char *to, const char *words)
{
    return put(to, words, strlen(words));
}

static char *put_close(char *to, const struct log_event *event)
{
    if (event->is_end_of_client)
        return put_words(to, "Client disconnected");
    to = put_words(put_words(to, "Connection closed: "), event->reason);
    return put_words(put_words(to, ": "), event->peer);
}

static size_t inspect_event(char *to, const struct log_style *style, const struct log_event *event)
{
    const char *begin = to;

    if (event->kind == LOG_EVENT_OPEN)
        return 0;
    if (style->has_peer) {
        to = timestamp_put(to, event->time_us);
        to = put_words(put_words(put_words(to, " "), event->peer), " ");
    }
    if (event->kind == LOG_EVENT_LINE) {
        to = put(to, label, sizeof label - 1);
        to += inspect(to, event->line, (size_t)event->bytes);
    } else {
        to = put_close(to, event);
    }
    *to++ = '\n';
    return (size_t)(to - begin);
}

size_t log_format(char *to, const struct log_style *style, const struct log_event *event)
{
    return style->format == LOG_JSON ? json_line(to, event) : inspect_event(to, style, event);
}
