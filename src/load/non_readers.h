/*
 * Connections that send lines for as long as their sockets take them, and never read: what one bad
 * client does to the others.
 */
#ifndef NON_READERS_H
#define NON_READERS_H

#include "client.h"

#include <stddef.h>
#include <stdint.h>

struct non_readers {
    int *fds;        /* -1 where the server has ended it */
    size_t *offsets; /* within the first line's bytes, so that they stay lines */
    uint32_t count;
    uint32_t ended;
    uint32_t first_index; /* their events have data.u32 from here on */
};

/* Connects so many, and watches them. */
void non_readers_open(struct non_readers *them, uint32_t count, uint32_t first_index,
                      const struct side *side);

/* For an event with an index from first_index on: sends what the socket takes, in one call. */
void non_readers_send(struct non_readers *them, uint32_t index, const struct side *side);

void non_readers_close(struct non_readers *them);

#endif
