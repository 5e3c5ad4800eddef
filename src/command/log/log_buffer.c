#include "log_buffer.h"

#include "timestamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for the line with the number of missing lines. */
#define MARK_SIZE 96

bool log_buffer_init(struct log_buffer *text)
{
    *text = (struct log_buffer){.pending = malloc(LOG_BUFFER_SIZE + MARK_SIZE),
                                .writing = malloc(LOG_BUFFER_SIZE + MARK_SIZE)};
    return text->pending != NULL && text->writing != NULL;
}

void log_buffer_deinit(struct log_buffer *text)
{
    free(text->pending);
    free(text->writing);
}

uint64_t log_buffer_count(const char *bytes, size_t size)
{
    uint64_t lines = 0;

    for (const char *end = bytes + size;
         (bytes = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL; bytes++)
        lines++;
    return lines;
}

bool log_buffer_has_room(const struct log_buffer *text, size_t size)
{
    return LOG_BUFFER_SIZE - text->size >= size && text->missing == 0;
}

bool log_buffer_is_empty(const struct log_buffer *text)
{
    return text->size == 0 && text->left == 0;
}

void log_buffer_put(struct log_buffer *text, const char *bytes, size_t size)
{
    memcpy(text->pending + text->size, bytes, size);
    text->size += size;
}

void log_buffer_miss(struct log_buffer *text, uint64_t lines)
{
    text->missing += lines;
}

uint64_t log_buffer_drop_pending(struct log_buffer *text)
{
    uint64_t lines = log_buffer_count(text->pending, text->size);

    text->size = 0;
    return lines;
}

/* Lines can only be missing after the pending ones: they had no room. */
static void put_mark(struct log_buffer *text)
{
    text->has_mark = text->missing > 0 && text->size > 0;
    if (!text->has_mark)
        return;
    char *to = text->pending + text->size;
    if (text->has_json) {
        char time[TIMESTAMP_SIZE];
        timestamp_put(time, text->now_us);
        text->size += (size_t)snprintf(
            to, MARK_SIZE, "{\"ts\":\"%.*s\",\"event\":\"dropped\",\"lines\":%" PRIu64 "}\n",
            (int)sizeof time, time, text->missing);
    } else {
        text->size +=
            (size_t)snprintf(to, MARK_SIZE, "Lines dropped: %" PRIu64 "\n", text->missing);
    }
    text->missing = 0;
}

size_t log_buffer_take(struct log_buffer *text)
{
    put_mark(text);
    char *taken = text->pending;
    text->pending = text->writing;
    text->writing = taken;
    text->taken_up = text->size;
    text->left = text->size;
    text->size = 0;
    return text->left;
}

void log_buffer_note_left(struct log_buffer *text, size_t left)
{
    text->left = left;
}

uint64_t log_buffer_drop_left(struct log_buffer *text)
{
    uint64_t lines = 0;

    if (text->left > 0)
        lines = log_buffer_count(text->writing + text->taken_up - text->left, text->left) -
                (text->has_mark ? 1 : 0);
    text->left = 0;
    return lines;
}
