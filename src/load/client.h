/*
 * One connection as its client has it: lines out, replies in, each byte of them checked. Nothing
 * here waits. What is wrong with a reply ends the process with a message.
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
    uint32_t first;      /* its first line is this one of the cycle: neighbours say different */
    uint64_t sent;       /* whole lines */
    uint64_t answered;   /* whole replies */
    size_t line_offset;  /* bytes of line number sent that are sent already */
    size_t reply_offset; /* bytes of reply number answered that have come */
    bool is_ended;       /* by the server, after the last reply that it owed */
};

/* What the clients of a load have in common. */
struct side {
    struct target target;
    struct texts texts;
    int epoll;
    bool is_awake; /* nobody sleeps in clients_wait */
    char received[TEXTS_READ_MOST];
};

void client_init(struct client *client, int fd, uint32_t index);

/* Adds it to the epoll set; index comes back as data.u32. */
void client_watch(const struct client *client, const struct side *side, uint32_t events,
                  uint32_t index);

/* Sends until limit lines are sent since the beginning, as far as the socket takes them. Returns
 * how many became whole. Before the connection is established, none. */
uint64_t client_send(struct client *client, const struct side *side, uint64_t limit);

/* For an event: receives all that is there. Returns how many replies became whole, and sets
 * is_ended. Ends the process on a wrong byte, a reply to nothing, or a server that ends while it
 * owes one. */
uint64_t client_receive(struct client *client, struct side *side, uint32_t events);

#endif
