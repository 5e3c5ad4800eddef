/*
 * The courier: a thread that sends what waits in outboxes once their sockets take bytes again. The
 * threads of those connections are blocked in recv and cannot. It watches a socket only while bytes
 * wait for it, so a server whose clients read gives it nothing to do.
 */
#ifndef COURIER_H
#define COURIER_H

#include "registry.h"

#include <pthread.h>

struct courier {
    struct registry *registry;
    int epoll; /* sockets that are waited for, each for one event */
    int wake;  /* an eventfd; written to when the courier is to end */
    pthread_t thread;
};

/* LINED_OK or -errno. */
int courier_init(struct courier *courier, struct registry *registry);

/* No connection is left: then no push needs it. */
void courier_deinit(struct courier *courier);

/* Watches the entry's socket if bytes wait there. With the entry's outbox locked. */
void courier_watch_locked(struct courier *courier, struct registry_entry *entry);

#endif
