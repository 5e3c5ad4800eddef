#include "packet_log.h"

#include "log_event.h"
#include "log_format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* A chunk is allocated and freed with each batch of lines. So it is smaller than the blocks for
 * which malloc uses mappings of their own (see main.c). */
#define CHUNK_SIZE ((size_t)16 * 1024 - 64)

struct packet_log_chunk {
    size_t used;
    char text[CHUNK_SIZE];
};

/* What the log keeps of a connection. Without memory for it, the connection does without. */
struct packet_log_client {
    struct packet_log_chunk *chunk; /* NULL: nothing is gathered */
    int64_t opened_us;              /* 0: not known */
    bool is_open_logged;
    char peer[LINED_PEER_SIZE]; /* its address, formatted when first needed; "": not yet */
};

/* ---- style ---- */

enum { IS_JSON = 1, HAS_PEER = 2, OMITS_PROBES = 4, OMITS_LINES = 8 };

void packet_log_set_style(struct packet_log *log, const struct log_style *style)
{
    unsigned bits = (style->format == LOG_JSON ? IS_JSON : 0) | (style->has_peer ? HAS_PEER : 0) |
                    (style->omits_probes ? OMITS_PROBES : 0) |
                    (style->omits_lines ? OMITS_LINES : 0);

    atomic_store_explicit(&log->style, bits, memory_order_relaxed);
    if (log->writer != NULL)
        log_writer_set_json(log->writer, style->format == LOG_JSON);
}

static struct log_style style_of(struct packet_log *log)
{
    unsigned bits = atomic_load_explicit(&log->style, memory_order_relaxed);

    return (struct log_style){.format = (bits & IS_JSON) != 0 ? LOG_JSON : LOG_INSPECT,
                              .has_peer = (bits & HAS_PEER) != 0,
                              .omits_probes = (bits & OMITS_PROBES) != 0,
                              .omits_lines = (bits & OMITS_LINES) != 0};
}

void packet_log_init(struct packet_log *log, struct log_writer *writer,
                     const struct log_style *style)
{
    log->writer = writer;
    packet_log_set_style(log, style);
}

/* ---- gathering ---- */

static void write_chunk(struct packet_log *log, struct packet_log_chunk *chunk)
{
    if (chunk->used > 0)
        log_writer_append(log->writer, chunk->text, chunk->used);
    chunk->used = 0;
}

/* Appends without a chunk: there is no memory for one, or the text may be too long for it. The
 * stack has room for one event. */
static void append_event(struct packet_log *log, const struct log_style *style,
                         const struct log_event *event)
{
    char text[LOG_FORMAT_MAX];
    size_t size = log_format(text, style, event);

    if (size > 0)
        log_writer_append(log->writer, text, size);
}

/* NULL: there is no memory. */
static struct packet_log_chunk *chunk_of(struct packet_log_client *client)
{
    struct packet_log_chunk *chunk = client->chunk;

    if (chunk != NULL)
        return chunk;
    chunk = malloc(sizeof *chunk);
    if (chunk == NULL)
        return NULL;
    chunk->used = 0;
    client->chunk = chunk;
    return chunk;
}

static void gather(struct packet_log *log, struct packet_log_client *client,
                   const struct log_style *style, const struct log_event *event)
{
    size_t needed = log_format_bound(style, event->kind == LOG_EVENT_LINE ? event->bytes : 0);

    if (needed > CHUNK_SIZE) {
        if (client->chunk != NULL)
            write_chunk(log, client->chunk);
        append_event(log, style, event);
        return;
    }
    struct packet_log_chunk *chunk = chunk_of(client);
    if (chunk == NULL) {
        append_event(log, style, event);
        return;
    }
    if (CHUNK_SIZE - chunk->used < needed)
        write_chunk(log, chunk);
    chunk->used += log_format(chunk->text + chunk->used, style, event);
}

/* The connection needs no chunk while it waits for its client. */
static void end_batch(struct packet_log *log, struct packet_log_client *client)
{
    if (client->chunk == NULL)
        return;
    write_chunk(log, client->chunk);
    free(client->chunk);
    client->chunk = NULL;
}

/* ---- events ---- */

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static const char *peer_of(struct packet_log_client *client, const lined_conn *conn)
{
    if (client->peer[0] == '\0')
        lined_peer(conn, client->peer);
    return client->peer;
}

/* The parts that all events have, as far as the style shows them. */
static struct log_event event_of(enum log_event_kind kind, const struct log_style *style,
                                 struct packet_log_client *client, const lined_conn *conn)
{
    struct log_event event = {.kind = kind};

    if (log_format_has_peer(style)) {
        event.time_us = now_us();
        event.conn = lined_conn_handle(conn).number;
        event.peer = peer_of(client, conn);
    }
    return event;
}

/* Logs the begin of the connection, unless it is logged or the style has no text for it. */
static void log_open(struct packet_log *log, struct packet_log_client *client,
                     const struct log_style *style, const lined_conn *conn)
{
    if (client->is_open_logged || style->format != LOG_JSON)
        return;
    client->is_open_logged = true;
    struct log_event event = event_of(LOG_EVENT_OPEN, style, client, conn);
    if (client->opened_us != 0)
        event.time_us = client->opened_us;
    gather(log, client, style, &event);
}

void packet_log_opened(struct packet_log *log, struct packet_log_client **client,
                       const lined_conn *conn)
{
    const struct log_style style = style_of(log);

    *client = calloc(1, sizeof **client);
    if (*client == NULL || style.format != LOG_JSON)
        return;
    if (style.omits_probes) {
        (*client)->opened_us = now_us();
        return;
    }
    log_open(log, *client, &style, conn);
    end_batch(log, *client);
}

/* A line of a connection for which there was no memory. */
static void append_line(struct packet_log *log, const struct log_style *style,
                        const lined_conn *conn, const char *line, size_t size)
{
    struct packet_log_client none = {0};

    if (style->omits_lines)
        return;
    struct log_event event = event_of(LOG_EVENT_LINE, style, &none, conn);
    event.line = line;
    event.bytes = size;
    append_event(log, style, &event);
}

void packet_log_line(struct packet_log *log, struct packet_log_client *client,
                     const lined_conn *conn, const char *line, size_t size)
{
    const struct log_style style = style_of(log);

    if (client == NULL) {
        append_line(log, &style, conn, line, size);
        return;
    }
    log_open(log, client, &style, conn);
    if (style.omits_lines)
        return;
    struct log_event event = event_of(LOG_EVENT_LINE, &style, client, conn);
    event.line = line;
    event.bytes = size;
    gather(log, client, &style, &event);
}

void packet_log_batch_end(struct packet_log *log, struct packet_log_client *client)
{
    if (client != NULL)
        end_batch(log, client);
}

static void log_close(struct packet_log *log, struct packet_log_client *client,
                      const struct log_style *style, const lined_conn *conn, int reason)
{
    char reason_text[LINED_REASON_SIZE];
    struct log_event event = event_of(LOG_EVENT_CLOSE, style, client, conn);

    lined_reason(reason, reason_text);
    event.reason = reason_text;
    event.is_end_of_client = reason == LINED_EOF || reason == LINED_RESET;
    if (!event.is_end_of_client) /* then each style has the address */
        event.peer = peer_of(client, conn);
    event.bytes = lined_conn_received(conn);
    gather(log, client, style, &event);
}

/* The end of the connection: no chunk is left. */
static void log_end(struct packet_log *log, struct packet_log_client *client,
                    const lined_conn *conn, int reason)
{
    const struct log_style style = style_of(log);

    if (!style.omits_probes || lined_conn_received(conn) > 0) {
        log_open(log, client, &style, conn);
        log_close(log, client, &style, conn, reason);
    }
    end_batch(log, client);
}

void packet_log_closed(struct packet_log *log, struct packet_log_client **client,
                       const lined_conn *conn, int reason)
{
    if (*client == NULL) {
        struct packet_log_client none = {.is_open_logged = true};
        log_end(log, &none, conn, reason);
        return;
    }
    log_end(log, *client, conn, reason);
    free(*client);
    *client = NULL;
}
