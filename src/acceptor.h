/*
 * The acceptor: a thread that loops on accept(2) and gives each client to a worker. In a drain it
 * accepts the clients that were waiting when the drain began, and ends.
 */
#ifndef ACCEPTOR_H
#define ACCEPTOR_H

#include "lined.h"
#include "net/accept_errors.h"
#include "net/admission.h"
#include "net/reject.h"
#include "table/lifecycle.h"
#include "worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct acceptor {
    /* Set by acceptor_init; they never change after. */
    int listener; /* owned */
    const struct lined_options *options;
    struct lifecycle *lifecycle;
    struct admission *admission;
    struct workers *workers;

    struct accept_errors errors; /* locks for itself */
    _Atomic int fatal_error;     /* an errno, for which it has given up; 0: it has not */
    pthread_t thread;

    /* The thread's own. */
    unsigned failures; /* in a row */
    bool saw_drain;    /* queued is set */
    size_t queued;     /* clients that waited when the drain was seen, and are not accepted yet */
    struct reject_list rejected;
};

/* Takes over the listener. */
void acceptor_init(struct acceptor *acceptor, int listener, const struct lined_options *options,
                   struct lifecycle *lifecycle, struct admission *admission,
                   struct workers *workers);

/* Closes the listener. The thread must have ended, or never have begun. */
void acceptor_deinit(struct acceptor *acceptor);

/* Starts the thread. It ends when the server drains or stops. If no later accept can succeed, it
 * drains the server itself. LINED_OK or -errno. */
int acceptor_start(struct acceptor *acceptor);

/* Waits for the thread. */
void acceptor_join(struct acceptor *acceptor);

/* The server was cut: wakes the thread if it waits in accept(2); clients that wait are reset. Any
 * thread. */
void acceptor_cut(struct acceptor *acceptor);

/* The server drains: the thread no longer waits in accept(2). Any thread. */
void acceptor_drain(struct acceptor *acceptor);

#endif
