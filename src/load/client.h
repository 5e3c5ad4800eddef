/*
 * One connection of a client: sends lines, receives replies, and checks every byte. No function
 * waits. A wrong reply ends the process with a message.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "target.h"
#include "texts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client {
    int fd;
    uint32_t first;      /* index of the first line in the cycle, different for neighbours */
    uint64_t sent;       /* complete lines */
    uint64_t answered;   /* complete replies */
    size_t line_offset;  /* sent bytes of the next line */
    size_t reply_offset; /* received bytes of the next reply */
    bool is_ended;       /* by the server, after the last expected reply */
};

/* The part that all clients of a load share. */
struct side {
    struct target target;
    struct texts texts;
    int epoll;
    bool is_awake; /* clients_wait polls and does not sleep */
    char received[TEXTS_READ_MOST];
};

void client_init(struct client *client, int fd, uint32_t index);

/* Adds it to the epoll set; index comes back as data.u32. */
void client_watch(const struct client *client, const struct side *side, uint32_t events,
                  uint32_t index);

/* Sends until limit lines are sent in all, as far as the socket accepts them. Returns how many
 * lines became complete; 0 before the connection is established. */
uint64_t client_send(struct client *client, const struct side *side, uint64_t limit);

/* Handles an event: receives all bytes. Returns how many replies became complete, and sets
 * is_ended. Ends the process after a wrong byte, a reply without a line, or an end of file before
 * the last reply. */
uint64_t client_receive(struct client *client, struct side *side, uint32_t events);

#endif
