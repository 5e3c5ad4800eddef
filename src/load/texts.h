/*
 * What is sent and what must come back. A connection's lines differ from one to the next in a cycle
 * of 26, so a reply that is lost, doubled or another line's is noticed at its first byte that
 * differs. Lines and replies are streams that repeat: any piece of one can be sent from a buffer or
 * compared with memcmp.
 */
#ifndef TEXTS_H
#define TEXTS_H

#include <stddef.h>
#include <stdint.h>

#define TEXTS_CYCLE 26

/* How many bytes one read may bring. */
#define TEXTS_READ_MOST ((size_t)64 * 1024)

/* How many bytes of lines there are at least after any line's beginning. */
#define TEXTS_SEND_LEAST ((size_t)64 * 1024)

struct texts {
    char *lines;   /* a cycle, and then as much as may be sent at once */
    char *replies; /* a cycle, and then as much as a read may bring */
    size_t line_size;
    size_t reply_size;
};

/* Lines of so many bytes, LF counted, at least 2; as many as send_most can be sent at once from any
 * line on. Ends the process where there is no memory. */
void texts_init(struct texts *texts, size_t line_size, size_t send_most);

void texts_deinit(struct texts *texts);

/* Byte offset of line number, or its rest; and what is expected at this place among replies. */
static inline const char *texts_line(const struct texts *texts, uint64_t number, size_t offset)
{
    return texts->lines + number % TEXTS_CYCLE * texts->line_size + offset;
}

static inline const char *texts_reply(const struct texts *texts, uint64_t number, size_t offset)
{
    return texts->replies + number % TEXTS_CYCLE * texts->reply_size + offset;
}

#endif
