/*
 * Turning clients away: each gets a line, and its connection is ended so that the line arrives,
 * without a thread and without waiting. Closed with unread bytes, a connection is reset, and a
 * reset can destroy the line on its way; so a few connections are kept open for a moment, until the
 * client has ended its side. Nobody who is turned away can cost more than one of those few places,
 * a second, and so many bytes that are thrown away. The acceptor's alone.
 */
#ifndef REJECT_H
#define REJECT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* How many are kept at a time, and so how many descriptors all this takes. One more, and the oldest
 * is closed. */
#define REJECT_MAX 32

struct reject_list {
    size_t count;
    struct pollfd polled[1 + REJECT_MAX]; /* 0 is the listener's; then the oldest first */
    struct reject_place {
        int64_t deadline_ms;  /* monotonic */
        size_t thrown_away;   /* bytes */
    } places[1 + REJECT_MAX]; /* beside polled */
};

/* Turns the client on fd away with a line. Takes fd over. */
void reject_begin(struct reject_list *reject_list, int fd, const char *line);

/* Sees to those who were turned away until somebody waits to be accepted on the listener, or it is
 * shut down, or none of them is left. */
void reject_wait(struct reject_list *reject_list, int listener);

/* When the oldest that is kept has been kept for long enough, monotonic ms; 0: none is kept. For an
 * acceptor that waits for something else than clients; then reject_expire closes it. */
int64_t reject_deadline_ms(const struct reject_list *reject_list);
void reject_expire(struct reject_list *reject_list);

/* Closes what is kept: its descriptors are wanted. */
void reject_end(struct reject_list *reject_list);

#endif
