/*
 * The courier: a thread that sends what waits in outboxes once their sockets take bytes again. The
 * threads of those connections are blocked in recv and cannot. It watches a socket only while bytes
 * wait for it, so a server whose clients read gives it nothing to do.
 *
 * It also ends a drain whose timeout has passed: it is the one thread that waits for no client and
 * runs no callback of a worker, so a callback that never returns cannot delay the cut.
 */
#ifndef COURIER_H
#define COURIER_H

#include "registry.h"

#include <pthread.h>
#include <stdatomic.h>

struct courier {
    struct registry *registry;
    int epoll; /* sockets that are waited for, each for one event */
    int wake;  /* an eventfd; written to when the courier is to end, or a drain has begun; -1 before
                * courier_init */
    atomic_bool is_ending;
    pthread_t thread;
    void (*drain_is_over)(void *context); /* these two never change */
    void *context;
};

/* drain_is_over(context) is called, once, when a drain's timeout has passed, and must cut the
 * registry. LINED_OK or -errno. */
int courier_init(struct courier *courier, struct registry *registry,
                 void (*drain_is_over)(void *context), void *context);

/* The registry drains: from here on its timeout is watched, or from courier_init on. Any thread. */
void courier_notice_drain(struct courier *courier);

/* No connection is left: then no push needs it. */
void courier_deinit(struct courier *courier);

/* Watches the entry's socket if bytes wait there. With the entry's outbox locked. */
void courier_watch_locked(struct courier *courier, struct registry_entry *entry);

#endif
