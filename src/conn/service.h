/*
 * What the connections of one server share. It is set before the first connection and never
 * changes, except the live options; the parts that it points to lock for themselves, and outlive
 * all connections.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include "busy_poll.h"
#include "lined.h"
#include "live_options.h"
#include "table/latency.h"
#include "table/lifecycle.h"
#include "table/totals.h"

struct flusher;

struct service {
    lined_server *server;                /* for handles; not looked into */
    const struct lined_options *options; /* the fields that cannot change */
    const struct live_options *live;     /* the others */
    const struct lined_handler *handler;
    void *context;        /* the handler's */
    const char *greeting; /* sent to each client, with its LF; NULL: none */
    struct lifecycle *lifecycle;
    struct totals *totals;
    struct latency *latency; /* NULL: it is not measured */
    struct busy_poll_limit *busy_poll;
    struct flusher *flusher; /* for what clients do not take of gathered pushes */
};

#endif
