/*
 * The admin listener: a second server, outside all limits of the first. It answers HTTP requests
 * for the figures of the first, and on a Unix socket a few commands. It ends after the first, so
 * that /readyz answers during a drain.
 */
#ifndef ADMIN_H
#define ADMIN_H

#include "command/activation.h"
#include "command/limits.h"
#include "command/options.h"
#include "view.h"

#include <lined.h>
#include <stdbool.h>

/* Connections at the same time; above it clients are rejected. */
#define ADMIN_CONNECTIONS 16

/* Descriptors and threads of the admin listener together with its connections, but without clients
 * that it rejects: what limits.c counts for a server and for a listener, and its connections. */
#define ADMIN_DESCRIPTORS                                                                          \
    (LIMITS_SERVER_DESCRIPTORS + LIMITS_LISTENER_DESCRIPTORS + ADMIN_CONNECTIONS)
#define ADMIN_THREADS (3 + ADMIN_CONNECTIONS) /* the flusher, the timer thread, the acceptor */

struct admin {
    lined_server *server; /* NULL: there is no admin listener */
    struct admin_source source;
    struct history history; /* of the first server */
};

/* True: the user or the service manager asks for one. */
bool admin_is_wanted(const struct options *options, const struct activation *activation);

/* Listens, if it is wanted. False after a message. */
bool admin_open(struct admin *admin, const struct options *options,
                const struct activation *activation);

/* Starts its threads; source is copied, without its history. 0 or -errno. */
int admin_start(struct admin *admin, const struct admin_source *source);

/* Adds a sample of the first server to the history: to be called each HISTORY_STEP_MS. Any thread.
 */
void admin_sample(struct admin *admin, lined_server *first);

/* A message that says where it listens. */
void admin_report(const struct admin *admin);

/* Ends it, with what it answers at the moment, and frees it. It need not have been started. */
void admin_end(struct admin *admin);

#endif
