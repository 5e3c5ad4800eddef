/*
 * Bytes to lines. Pure: knows no descriptor and no thread.
 *
 * Bytes are written into the room that line_buffer_room offers and announced with
 * line_buffer_filled; line_buffer_next takes lines out. A line ends with LF and keeps it. Where
 * max_line bytes stand without an LF among them, line_buffer_next says so, and the caller takes
 * them as a piece or gives up.
 *
 * The buffer starts with memory of its owner's, so that a first short line needs no more. It grows
 * by four while it is found full, up to what a pipeline can use, and gives that memory back with
 * line_buffer_shrink.
 */
#ifndef LINE_BUFFER_H
#define LINE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_BUFFER_FIRST_SIZE 256

struct line_buffer {
    char *data;      /* owned, unless it is first; NULL while capacity is 0 */
    char *first;     /* the owner's LINE_BUFFER_FIRST_SIZE bytes, or NULL */
    size_t capacity; /* bytes at data */
    size_t begin;    /* first byte not handed out; begin <= scanned <= end <= capacity */
    size_t scanned;  /* from begin to here there is no LF: every byte is looked at once */
    size_t end;      /* first free byte */
    size_t max_line; /* the longest line, its LF counted */
    size_t wanted;   /* the most that line_buffer_exact was ever asked for */
    bool was_filled; /* the last line_buffer_filled left no room: more is likely waiting */
};

enum line_found {
    LINE_NONE,  /* no whole line; more bytes are needed */
    LINE_WHOLE, /* a line with its LF */
    LINE_LONG,  /* max_line bytes without an LF */
};

/* first has LINE_BUFFER_FIRST_SIZE bytes and outlives the buffer; NULL: the first memory is
 * allocated, too. */
void line_buffer_init(struct line_buffer *buffer, size_t max_line, char *first);

/* Frees the memory that the buffer has grown to; what is unread is gone. */
void line_buffer_deinit(struct line_buffer *buffer);

/* Room for more bytes; at least one. Its size goes to *size. Moves what is unread to the front
 * when it must, so a line handed out before is gone. NULL when there is no memory. */
char *line_buffer_room(struct line_buffer *buffer, size_t *size);

/* size bytes were written to the start of the room. */
void line_buffer_filled(struct line_buffer *buffer, size_t size);

/* Takes the next line, or max_line bytes without one. *line points into the buffer until the next
 * line_buffer_room or line_buffer_shrink. */
enum line_found line_buffer_next(struct line_buffer *buffer, const char **line, size_t *size);

/* Takes just size bytes, whatever they are. False: there are not so many yet; the buffer will have
 * room for them. */
bool line_buffer_exact(struct line_buffer *buffer, size_t size, const char **bytes);

/* Takes what is left, whole or not, or nothing: for the end of file. */
void line_buffer_rest(struct line_buffer *buffer, const char **rest, size_t *size);

/* How many bytes have not been handed out. */
size_t line_buffer_unread(const struct line_buffer *buffer);

/* True if there is memory to give back: nothing is unread, and the buffer is past its first. */
bool line_buffer_is_enlarged(const struct line_buffer *buffer);

/* Gives that memory back. */
void line_buffer_shrink(struct line_buffer *buffer);

#endif
