/*
 * The flusher: a thread that sends the bytes of outboxes once their sockets take bytes again. The
 * threads of those connections are blocked in recv(2) and cannot. It watches a socket only while
 * bytes wait for it, so it sleeps while all clients read.
 *
 * It also cuts at the end of the drain timeout: it is the one thread that waits for no client and
 * runs no callback of a handler, so a callback that never returns cannot delay the cut.
 */
#ifndef FLUSHER_H
#define FLUSHER_H

#include "table/conn_table.h"
#include "table/lifecycle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct flusher {
    /* Set by flusher_init; they never change after. */
    struct conn_table *table;
    struct lifecycle *lifecycle;
    void (*drain_is_over)(void *context);
    void *context;
    int epoll; /* sockets that are waited for, each for one event */
    int wake;  /* an event: the thread is to end */

    _Atomic uint64_t batches; /* numbers for push_batch.h; the last that was given */
    atomic_bool is_ending;
    pthread_t thread;
};

/* Opens the descriptors. drain_is_over(context) is called, once, on the flusher's thread, when a
 * drain's timeout has passed, and must cut the server. LINED_OK or -errno. */
int flusher_init(struct flusher *flusher, struct conn_table *table, struct lifecycle *lifecycle,
                 void (*drain_is_over)(void *context), void *context);
void flusher_deinit(struct flusher *flusher);

/* Starts the thread. LINED_OK or -errno. */
int flusher_start(struct flusher *flusher);

/* Ends the thread. No connection is left: then no push needs it. */
void flusher_end(struct flusher *flusher);

/* Watches the entry's socket if bytes wait there. The caller has borrowed the entry. */
void flusher_watch_locked(struct flusher *flusher, struct table_entry *entry);

#endif
