/*
 * The text of the packet log: whole lines in two buffers, and marks where lines are missing.
 * Threads append to one buffer while the other is being written. Pure: it knows no descriptor and
 * no thread. The caller holds a lock during each call, except log_buffer_writing, which the writer
 * calls without it.
 */
#ifndef LOG_BUFFER_H
#define LOG_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The maximum number of pending bytes. */
#define LOG_BUFFER_SIZE ((size_t)1024 * 1024)

struct log_buffer {
    char *pending;    /* owned; LOG_BUFFER_SIZE bytes and room for a mark */
    size_t size;      /* pending bytes */
    uint64_t missing; /* lines dropped after the pending ones; they get a mark */
    char *writing;    /* owned; the same size; changes only in log_buffer_take */
    size_t taken_up;  /* bytes of writing */
    size_t left;      /* of these, the last bytes, which may not be written */
    bool has_mark;    /* the last line of writing is a mark */
    bool has_json;    /* marks are JSON; set by the caller */
    int64_t now_us;   /* the time in such a mark; set by the caller before log_buffer_take */
};

/* False: no memory. Call deinit also then. */
bool log_buffer_init(struct log_buffer *text);
void log_buffer_deinit(struct log_buffer *text);

/* The number of lines in size bytes. */
uint64_t log_buffer_count(const char *bytes, size_t size);

/* True if there is room for size bytes. After a dropped line there is none until the gap has its
 * mark, so each gap has one mark, at its place. */
bool log_buffer_has_room(const struct log_buffer *text, size_t size);

/* True if nothing is pending, and everything that was taken is written. */
bool log_buffer_is_empty(const struct log_buffer *text);

/* Appends. The caller has checked the room. */
void log_buffer_put(struct log_buffer *text, const char *bytes, size_t size);

/* Notes that lines were dropped here. */
void log_buffer_miss(struct log_buffer *text, uint64_t lines);

/* Drops the pending text; returns its number of lines. */
uint64_t log_buffer_drop_pending(struct log_buffer *text);

/* Makes the pending text, with its mark, the text to write; returns its size. The previous text to
 * write is gone. */
size_t log_buffer_take(struct log_buffer *text);

/* The text to write. */
static inline const char *log_buffer_writing(const struct log_buffer *text)
{
    return text->writing;
}

/* Everything is written, except the last left bytes. */
void log_buffer_note_left(struct log_buffer *text, size_t left);

/* Drops the bytes that are not written; returns their number of lines, without a mark. */
uint64_t log_buffer_drop_left(struct log_buffer *text);

#endif
