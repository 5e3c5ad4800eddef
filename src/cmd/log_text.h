/*
 * What the packet log has to write: whole lines, in two buffers, one that is appended to and one
 * that is being written; and where lines are missing. Pure: knows no descriptor and no thread. A
 * lock of the caller's is held around each call; log_text_writing alone is for the writer without.
 */
#ifndef LOG_TEXT_H
#define LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How much may be pending before there is no room. */
#define LOG_TEXT_MOST ((size_t)1024 * 1024)

struct log_text {
    char *pending;    /* owned; LOG_TEXT_MOST bytes and a mark's */
    size_t size;      /* bytes pending */
    uint64_t missing; /* lines dropped behind what is pending; they get a mark */
    char *writing;    /* owned; as large; changes only in log_text_take */
    size_t taken_up;  /* bytes of writing */
    size_t left;      /* of these, the last, which are not known to be written */
    bool has_mark;    /* the last line of writing is a mark */
};

/* False: there is no memory; deinit all the same. */
bool log_text_init(struct log_text *text);
void log_text_deinit(struct log_text *text);

/* How many lines are in size bytes. */
uint64_t log_text_count(const char *bytes, size_t size);

/* Whether size bytes can be put. Once lines are missing nothing can, before the place is marked: so
 * each gap is one, and its mark is where the lines are missing. */
bool log_text_has_room(const struct log_text *text, size_t size);

/* Whether nothing is pending, and all that was taken is known to be written. */
bool log_text_is_empty(const struct log_text *text);

/* Appends. There is room. */
void log_text_put(struct log_text *text, const char *bytes, size_t size);

/* So many lines are missing here. */
void log_text_miss(struct log_text *text, uint64_t lines);

/* Throws away what is pending; returns how many lines that is. */
uint64_t log_text_drop_pending(struct log_text *text);

/* Makes what is pending, with its mark, the text to write; returns how many bytes that is. What was
 * written before is gone. */
size_t log_text_take(struct log_text *text);

/* The text to write. */
static inline const char *log_text_writing(const struct log_text *text)
{
    return text->writing;
}

/* All of it is written but the last bytes. */
void log_text_note_left(struct log_text *text, size_t left);

/* These are lost; returns how many lines that is. A mark is none of the lines. */
uint64_t log_text_drop_left(struct log_text *text);

#endif
