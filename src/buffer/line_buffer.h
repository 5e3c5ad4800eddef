/*
 * Bytes to lines. Pure: knows no descriptor and no thread.
 *
 * The caller writes bytes into the room of line_buffer_room and announces them with
 * line_buffer_filled; line_buffer_next takes lines out. A line ends with LF and includes it. If
 * there are max_line bytes without an LF, line_buffer_next returns LINE_LONG, and the caller takes
 * them as a piece, or discards the rest of the line, or gives up.
 *
 * The buffer starts with memory of its owner, so that a first short line needs no more. It grows
 * by four while it is found full, up to what a pipeline can use, and gives that memory back with
 * line_buffer_shrink.
 */
#ifndef LINE_BUFFER_H
#define LINE_BUFFER_H

#include "block.h"

#include <stdbool.h>
#include <stddef.h>

#define LINE_BUFFER_FIRST_SIZE 256

struct line_buffer {
    char *data;         /* of block, or first; NULL while capacity is 0 */
    char *first;        /* the owner's LINE_BUFFER_FIRST_SIZE bytes, or NULL */
    size_t capacity;    /* bytes at data */
    size_t begin;       /* first byte that was not taken; begin <= scanned <= end <= capacity */
    size_t scanned;     /* from begin to here there is no LF: every byte is scanned once */
    size_t end;         /* first free byte */
    size_t max_line;    /* the maximum length of a line, including its LF */
    size_t wanted;      /* the largest size that line_buffer_exact was called with */
    bool is_discarding; /* the next bytes, up to an LF, are the rest of a long line */
    size_t discarded;   /* bytes discarded since line_buffer_take_discarded */
    struct block block; /* owned; empty while data is first */
    bool was_filled;    /* the last line_buffer_filled left no room: more bytes probably wait */
};

enum line_found {
    LINE_NONE,  /* no complete line; more bytes are needed */
    LINE_WHOLE, /* a line with its LF */
    LINE_LONG,  /* max_line bytes without an LF */
};

/* first has LINE_BUFFER_FIRST_SIZE bytes and outlives the buffer; NULL: all memory is allocated. */
void line_buffer_init(struct line_buffer *buffer, size_t max_line, char *first);

/* Frees the buffer's memory; bytes that were not taken are lost. */
void line_buffer_deinit(struct line_buffer *buffer);

/* Room for *size more bytes, at least one. Moves the untaken bytes to the front if needed, so a
 * line that was taken before is no longer valid. NULL: there is no memory. */
char *line_buffer_room(struct line_buffer *buffer, size_t *size);

/* size bytes were written to the start of the room. */
void line_buffer_filled(struct line_buffer *buffer, size_t size);

/* Takes the next line, or max_line bytes without one. *line points into the buffer until the next
 * line_buffer_room or line_buffer_shrink. */
enum line_found line_buffer_next(struct line_buffer *buffer, const char **line, size_t *size);

/* True: line_buffer_next would return a line, or a piece of one. */
bool line_buffer_has_line(struct line_buffer *buffer);

/* After LINE_LONG: the next call discards the rest of this line, up to and including its LF, also
 * the bytes that are still to come. */
void line_buffer_discard_rest(struct line_buffer *buffer);

/* Takes back this line and those that were taken after it. None of them was given to
 * line_buffer_discard_rest, and there was no line_buffer_room since. */
void line_buffer_put_back(struct line_buffer *buffer, const char *line);

/* How many bytes were discarded since the last call. */
size_t line_buffer_take_discarded(struct line_buffer *buffer);

/* Takes exactly size bytes, of any value. False: fewer have come; the buffer will have room for
 * them. */
bool line_buffer_exact(struct line_buffer *buffer, size_t size, const char **bytes);

/* Takes all that is left, possibly 0 bytes: for the end of file. The rest of a discarded line is
 * not left. */
void line_buffer_rest(struct line_buffer *buffer, const char **rest, size_t *size);

/* The bytes that were not taken, line_buffer_unread of them; NULL if there are none. Valid as a
 * line is. */
const char *line_buffer_peek(const struct line_buffer *buffer);

/* How many bytes were not taken. */
size_t line_buffer_unread(const struct line_buffer *buffer);

/* True: the buffer is empty and larger than its first memory, so line_buffer_shrink can free some.
 */
bool line_buffer_is_enlarged(const struct line_buffer *buffer);

/* Frees that memory. */
void line_buffer_shrink(struct line_buffer *buffer);

#endif
