#include "packet_log.h"

#include "../invariant.h"
#include "inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a connection gathers. It is taken and given back with each batch of lines, so it is less
 * than what main.c has malloc make a mapping of. */
#define CHUNK_SIZE ((size_t)16 * 1024 - 64)

/* One connection's log lines, on their way. Owned by its thread, in the observer's slot. */
struct chunk {
    size_t used;
    char text[CHUNK_SIZE];
};

static void hand_over(struct log_writer *log, struct chunk *chunk)
{
    if (chunk->used > 0)
        log_writer_append(log, chunk->text, chunk->used);
    chunk->used = 0;
}

static char *put(char *to, const char *text, size_t size)
{
    return (char *)memcpy(to, text, size) + size;
}

static const char prefix[] = "Incoming packet: ";

/* Writes the log line of a line; returns where it ends. Needs LOG_LINE_MOST bytes at most. */
#define LOG_LINE_MOST (sizeof prefix - 1 + INSPECT_MOST + 1)

static char *put_log_line(char *to, const char *line, size_t size)
{
    to = put(to, prefix, sizeof prefix - 1);
    to += inspect(to, line, size);
    *to++ = '\n';
    return to;
}

/* Around the chunk: it is missing, for want of memory, or the line may be too long for it. The
 * stack has room for one log line. */
static void append_line(struct log_writer *log, const char *line, size_t size)
{
    char text[LOG_LINE_MOST];

    log_writer_append(log, text, (size_t)(put_log_line(text, line, size) - text));
}

static void log_line(void *context, void **slot, const char *line, size_t size)
{
    struct log_writer *log = context;
    size_t needed = sizeof prefix + inspect_bound(size);

    if (needed > CHUNK_SIZE) {
        if (*slot != NULL)
            hand_over(log, *slot);
        append_line(log, line, size);
        return;
    }
    if (*slot == NULL) {
        *slot = malloc(sizeof(struct chunk));
        if (*slot == NULL) {
            append_line(log, line, size);
            return;
        }
        ((struct chunk *)*slot)->used = 0;
    }
    struct chunk *chunk = *slot;
    if (CHUNK_SIZE - chunk->used < needed)
        hand_over(log, chunk);
    char *end = put_log_line(chunk->text + chunk->used, line, size);
    chunk->used = (size_t)(end - chunk->text);
}

/* The connection is about to wait: it shows what it has, and needs no memory while it waits. */
static void log_settled(void *context, void **slot)
{
    if (*slot == NULL)
        return;
    hand_over(context, *slot);
    free(*slot);
    *slot = NULL;
}

static void log_closed(void *context, void **slot, lined_conn *conn, int reason)
{
    static const char disconnected[] = "Client disconnected\n";
    char text[sizeof "Connection closed: : \n" + LINED_REASON_SIZE + LINED_PEER_SIZE];
    char reason_text[LINED_REASON_SIZE];
    char peer[LINED_PEER_SIZE];

    log_settled(context, slot);
    if (reason == LINED_EOF || reason == LINED_RESET) {
        log_writer_append(context, disconnected, sizeof disconnected - 1);
        return;
    }
    lined_reason(reason, reason_text);
    lined_peer(conn, peer);
    int size = snprintf(text, sizeof text, "Connection closed: %s: %s\n", reason_text, peer);
    INVARIANT(size > 0 && (size_t)size < sizeof text);
    log_writer_append(context, text, (size_t)size);
}

void packet_log_observe(struct log_writer *log, struct lined_observer *observer)
{
    observer->context = log;
    observer->line = log_line;
    observer->settled = log_settled;
    observer->closed = log_closed;
}
