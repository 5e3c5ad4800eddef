/*
 * Rejecting clients: each gets a line, and its connection is ended so that the line arrives,
 * without a thread and without waiting. A connection that is closed with unread bytes is reset, and
 * a reset can destroy the line on its way. So up to 32 connections stay open for a moment, until
 * the client has ended its side. A rejected client costs at most one of these places, for one
 * second, and 64 KiB that are received and dropped. The acceptor's thread owns it.
 */
#ifndef REJECT_H
#define REJECT_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/* How many connections, and so descriptors, are kept at a time. For one more the oldest is closed.
 */
#define REJECT_MAX 32

/* The first place of a connection. */
#define REJECT_FIRST 3

struct reject_list {
    size_t count;
    struct pollfd polled[REJECT_FIRST + REJECT_MAX]; /* the listener and two events; then
                                                      * the oldest connection first */
    struct reject_place {
        int64_t deadline_ms;             /* monotonic */
        size_t dropped;                  /* bytes received from the client */
    } places[REJECT_FIRST + REJECT_MAX]; /* parallel to polled */
};

/* Rejects the client on fd with a line. Takes over fd. */
void reject_begin(struct reject_list *reject_list, int fd, const char *line);

/* Serves the rejected clients until a client waits on the listener, or the listener is shut down,
 * or one of the two events is set. 0, or -errno if the kernel cannot wait now (poll(2)):
 * the caller must pause before the next try. */
int reject_wait(struct reject_list *reject_list, int listener, int wake, int stop);

/* The time at which the oldest connection must be closed, monotonic ms; 0: there is none. For an
 * acceptor that waits for something else than clients. reject_expire closes it. */
int64_t reject_deadline_ms(const struct reject_list *reject_list);
void reject_expire(struct reject_list *reject_list);

/* Closes all: their descriptors are needed. */
void reject_end(struct reject_list *reject_list);

#endif
