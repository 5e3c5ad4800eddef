/*
 * Connections that send lines while their sockets accept them, and never read: they show the effect
 * of such clients on the others.
 */
#ifndef NON_READERS_H
#define NON_READERS_H

#include "client.h"

#include <stddef.h>
#include <stdint.h>

struct non_readers {
    int *fds;        /* -1 if the server has ended the connection */
    size_t *offsets; /* offset in the first line, so that the bytes stay lines */
    uint32_t count;
    uint32_t ended;
    uint32_t first_index; /* data.u32 of their events begins here */
};

/* Connects count non-readers, and adds them to the epoll set. */
void non_readers_open(struct non_readers *them, uint32_t count, uint32_t first_index,
                      const struct side *side);

/* Handles an event with an index from first_index on: sends as much as the socket accepts in one
 * call. */
void non_readers_send(struct non_readers *them, uint32_t index, const struct side *side);

void non_readers_close(struct non_readers *them);

#endif
