/*
 * The lines to send and the replies to expect. The lines of a connection differ in a cycle of 26,
 * so a reply that is lost, doubled or belongs to another line is noticed at its first different
 * byte. Lines and replies are streams that repeat: any piece can be sent from a buffer or compared
 * with memcmp.
 */
#ifndef TEXTS_H
#define TEXTS_H

#include <stddef.h>
#include <stdint.h>

#define TEXTS_CYCLE 26

/* The maximum size of one read. */
#define TEXTS_READ_MOST ((size_t)64 * 1024)

/* The minimum number of bytes after the beginning of any line. */
#define TEXTS_SEND_LEAST ((size_t)64 * 1024)

struct texts {
    char *lines;   /* a cycle, and then the maximum size of one send */
    char *replies; /* a cycle, and then the maximum size of one read */
    size_t line_size;
    size_t reply_size;
};

/* Makes lines of line_size bytes, including the LF, at least 2; send_most lines can be sent at once
 * from any line on. Ends the process without memory. */
void texts_init(struct texts *texts, size_t line_size, size_t send_most);

void texts_deinit(struct texts *texts);

/* The bytes of line number from offset on; and the expected bytes at this place of the replies. */
static inline const char *texts_line(const struct texts *texts, uint64_t number, size_t offset)
{
    return texts->lines + number % TEXTS_CYCLE * texts->line_size + offset;
}

static inline const char *texts_reply(const struct texts *texts, uint64_t number, size_t offset)
{
    return texts->replies + number % TEXTS_CYCLE * texts->reply_size + offset;
}

#endif
