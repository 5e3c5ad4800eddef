#include "packet_log.h"

#include "base/invariant.h"
#include "inspect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chunk is allocated and freed with each batch of lines. So it is smaller than the blocks for
 * which malloc uses mappings of their own (see main.c). */
#define CHUNK_SIZE ((size_t)16 * 1024 - 64)

struct packet_log_chunk {
    size_t used;
    char text[CHUNK_SIZE];
};

static void write_chunk(struct log_writer *log, struct packet_log_chunk *chunk)
{
    if (chunk->used > 0)
        log_writer_append(log, chunk->text, chunk->used);
    chunk->used = 0;
}

static char *put(char *to, const char *text, size_t size)
{
    return (char *)memcpy(to, text, size) + size;
}

static const char label[] = "Incoming packet: ";

/* The maximum size of the log line of a line of size bytes. */
#define LOG_LINE_SIZE(size) (sizeof label - 1 + inspect_bound(size) + 1)

/* The maximum size of any log line. */
#define LOG_LINE_MAX (sizeof label - 1 + INSPECT_MAX + 1)

/* Writes the log line of a line; returns its end. */
static char *put_log_line(char *to, const char *line, size_t size)
{
    to = put(to, label, sizeof label - 1);
    to += inspect(to, line, size);
    *to++ = '\n';
    return to;
}

/* Appends a line without a chunk: there is no memory for one, or the line may be too long for it.
 * The stack has room for one log line. */
static void append_line(struct log_writer *log, const char *line, size_t size)
{
    char text[LOG_LINE_MAX];

    log_writer_append(log, text, (size_t)(put_log_line(text, line, size) - text));
}

/* NULL: there is no memory. */
static struct packet_log_chunk *new_chunk(void)
{
    struct packet_log_chunk *chunk = malloc(sizeof *chunk);

    if (chunk != NULL)
        chunk->used = 0;
    return chunk;
}

void packet_log_line(struct log_writer *log, struct packet_log_chunk **chunk, const char *line,
                     size_t size)
{
    size_t needed = LOG_LINE_SIZE(size);

    if (needed > CHUNK_SIZE) {
        if (*chunk != NULL)
            write_chunk(log, *chunk);
        append_line(log, line, size);
        return;
    }
    if (*chunk == NULL)
        *chunk = new_chunk();
    if (*chunk == NULL) {
        append_line(log, line, size);
        return;
    }
    if (CHUNK_SIZE - (*chunk)->used < needed)
        write_chunk(log, *chunk);
    char *end = put_log_line((*chunk)->text + (*chunk)->used, line, size);
    (*chunk)->used = (size_t)(end - (*chunk)->text);
}

/* The connection needs no memory for the log while it waits for its client. */
void packet_log_batch_end(struct log_writer *log, struct packet_log_chunk **chunk)
{
    if (*chunk == NULL)
        return;
    write_chunk(log, *chunk);
    free(*chunk);
    *chunk = NULL;
}

void packet_log_closed(struct log_writer *log, struct packet_log_chunk **chunk,
                       const lined_conn *conn, int reason)
{
    static const char disconnected[] = "Client disconnected\n";
    char text[sizeof "Connection closed: : \n" + LINED_REASON_SIZE + LINED_PEER_SIZE];
    char reason_text[LINED_REASON_SIZE];
    char peer[LINED_PEER_SIZE];

    packet_log_batch_end(log, chunk);
    if (reason == LINED_EOF || reason == LINED_RESET) {
        log_writer_append(log, disconnected, sizeof disconnected - 1);
        return;
    }
    lined_reason(reason, reason_text);
    lined_peer(conn, peer);
    int size = snprintf(text, sizeof text, "Connection closed: %s: %s\n", reason_text, peer);
    INVARIANT(size > 0 && (size_t)size < sizeof text);
    log_writer_append(log, text, (size_t)size);
}
