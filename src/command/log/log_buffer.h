/*
 * What the packet log has to write: whole lines, in two buffers, one that is appended to and one
 * that is being written; and where lines are missing. Pure: knows no descriptor and no thread. A
 * lock of the caller's is held around each call; log_buffer_writing alone is for the writer
 * without.
 */
#ifndef LOG_BUFFER_H
#define LOG_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much may be pending before there is no room. */
#define LOG_BUFFER_SIZE ((size_t)1024 * 1024)

struct log_buffer {
    char *pending;    /* owned; LOG_BUFFER_SIZE bytes and a mark's */
    size_t size;      /* bytes pending */
    uint64_t missing; /* lines dropped behind what is pending; they get a mark */
    char *writing;    /* owned; as large; changes only in log_buffer_take */
    size_t taken_up;  /* bytes of writing */
    size_t left;      /* of these, the last, which are not known to be written */
    bool has_mark;    /* the last line of writing is a mark */
};

/* False: there is no memory; deinit all the same. */
bool log_buffer_init(struct log_buffer *text);
void log_buffer_deinit(struct log_buffer *text);

/* How many lines are in size bytes. */
uint64_t log_buffer_count(const char *bytes, size_t size);

/* Whether size bytes can be put. Once lines are missing nothing can, before the place is marked: so
 * each gap is one, and its mark is where the lines are missing. */
bool log_buffer_has_room(const struct log_buffer *text, size_t size);

/* Whether nothing is pending, and all that was taken is known to be written. */
bool log_buffer_is_empty(const struct log_buffer *text);

/* Appends. There is room. */
void log_buffer_put(struct log_buffer *text, const char *bytes, size_t size);

/* So many lines are missing here. */
void log_buffer_miss(struct log_buffer *text, uint64_t lines);

/* Throws away what is pending; returns how many lines that is. */
uint64_t log_buffer_drop_pending(struct log_buffer *text);

/* Makes what is pending, with its mark, the text to write; returns how many bytes that is. What was
 * written before is gone. */
size_t log_buffer_take(struct log_buffer *text);

/* The text to write. */
static inline const char *log_buffer_writing(const struct log_buffer *text)
{
    return text->writing;
}

/* All of it is written but the last bytes. */
void log_buffer_note_left(struct log_buffer *text, size_t left);

/* These are lost; returns how many lines that is. A mark is none of the lines. */
uint64_t log_buffer_drop_left(struct log_buffer *text);

#endif
