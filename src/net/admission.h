/*
 * Which clients are admitted: from which addresses, how many from one address, which line the
 * others get, and how fast clients are accepted. Knows addresses and numbers; the acceptor waits.
 *
 * An IPv4 address counts as one, also as IPv4-mapped IPv6. Of an IPv6 address the first 64 bits
 * count, because a host usually has all addresses below them; a link-local address counts whole,
 * because the neighbours on a link share those bits. Clients of a Unix socket have no address, and
 * do not count.
 *
 * A client behind a proxy is admitted twice: by the acceptor as address_none, and by its worker
 * with the address of the PROXY header.
 */
#ifndef ADMISSION_H
#define ADMISSION_H

#include "access.h"
#include "address.h"
#include "base/pace.h"
#include "lined.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admission {
    /* Set by admission_init; they never change after. */
    const struct access *access; /* outlives the admission */
    const char *busy;            /* the line for clients above max: the handler's, or the default */
    const char *per_ip;          /* the line for clients above max_per_ip */

    pthread_mutex_t lock;

    /* lock. 0: no limit. */
    size_t max; /* connections; further clients are rejected. 0 also if they wait instead */
    size_t max_per_ip;
    uint32_t accept_rate;

    struct pace pace; /* lock; of accepts */
    void *addresses;  /* lock; a tree of tsearch(3): a node for each address that is connected */
    uint64_t rejected_busy;   /* lock */
    uint64_t rejected_per_ip; /* lock */
    uint64_t rejected_denied; /* lock */
};

void admission_init(struct admission *admission, const struct access *access,
                    const struct lined_options *options, const struct lined_handler *handler);

/* All clients must have left. */
void admission_deinit(struct admission *admission);

/* When the next accept is due, monotonic ms; a time that has passed means now. */
int64_t admission_due_ms(struct admission *admission);

/* A client was accepted. Any acceptor. */
void admission_accepted(struct admission *admission, int64_t now_ms);

/* Admits the client, or not. present: how many are connected. LINED_OK: it is admitted and *line is
 * NULL, or it must be rejected with *line. LINED_DENIED: it must be closed without a line. -ENOMEM:
 * nothing is decided. *counted is the address that counts for the limit of addresses, or
 * address_none; it is to be given to admission_leave and admission_forget. Any thread. */
int admission_admit(struct admission *admission, const union net_address *client, size_t present,
                    const char **line, union net_address *counted);

/* Changes the limits. Clients that do not count yet do not count later. Any thread. */
void admission_set(struct admission *admission, const struct lined_options *options);

/* An admitted client is served no more, and may connect again. False: max_per_ip clients of its
 * address have left and are not forgotten yet, so its connection must be closed at once; otherwise
 * clients that do not end their side could hold any number of places. Any thread. */
bool admission_leave(struct admission *admission, const union net_address *client);

/* The connection of a client that has left is about to be closed. Any thread. */
void admission_forget(struct admission *admission, const union net_address *client);

/* Sets rejected, and the counts by cause. Any thread. */
void admission_stats(struct admission *admission, struct lined_stats *stats);

#endif
