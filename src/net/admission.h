/*
 * Who may come in: how many from one address, what those over a limit are told, and how fast
 * anybody is accepted. Knows addresses and numbers; the waiting is the acceptor's.
 *
 * An address counts as a person who limits others would count it. IPv4 is one address, also where
 * it comes as IPv4-mapped IPv6. IPv6 is its first 64 bits, because a host usually has so many
 * addresses to choose from; link-local addresses count whole, because a link's neighbours share
 * those bits.
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include "address.h"
#include "lined.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admission {
    /* Set by admission_init; they never change after. 0: no limit. */
    size_t most; /* who come above it are turned away; where they wait instead, 0 */
    size_t most_per_ip;
    const char *busy;    /* what those above most are sent; the handler's, or a default */
    const char *per_ip;  /* and those above most_per_ip */
    int64_t interval_ns; /* from one accept to the next */

    int64_t due_ns; /* the acceptor's: monotonic; when the next accept is due */

    pthread_mutex_t lock;
    void *addresses;  /* lock; a tree of tsearch(3): one node for each address that is here */
    uint64_t refused; /* lock */
};

void admission_init(struct admission *admission, const struct lined_options *options,
                    const struct lined_handler *handler);

/* Everybody must have left. */
void admission_deinit(struct admission *admission);

/* When the next accept is due, monotonic ms; a time that has passed means now. */
int64_t admission_due_ms(const struct admission *admission);

/* Somebody was accepted. */
void admission_accepted(struct admission *admission, int64_t now_ms);

/* Lets the client in, or not. LINED_OK: it is in and *line is NULL, or it is to be turned away with
 * *line. -ENOMEM: nothing is decided. present: how many are here. */
int admission_admit(struct admission *admission, const union net_address *client, size_t present,
                    const char **line);

/* A client that was let in is served no more, and may come again. False: as many of its address as
 * may be here have left and are not forgotten yet, so its connection is to be closed at once: else
 * clients that do not end theirs would hold any number of places. Any thread. */
bool admission_leave(struct admission *admission, const union net_address *client);

/* One that has left is about to be closed. Any thread. */
void admission_forget(struct admission *admission, const union net_address *client);

/* How many were turned away. Any thread. */
uint64_t admission_rejected(struct admission *admission);

#endif
