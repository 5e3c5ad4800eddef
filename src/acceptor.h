/*
 * The acceptor: a thread that loops on accept(2) and gives each client to a worker. A server has
 * one for each listener; the limits apply to all of them together. In a drain it accepts the
 * clients that were waiting when the drain began, and ends; from an inherited listener it accepts
 * no more, since the next process serves those clients.
 */
#ifndef ACCEPTOR_H
#define ACCEPTOR_H

#include "conn/live_options.h"
#include "lined.h"
#include "net/accept_errors.h"
#include "net/admission.h"
#include "net/listener.h"
#include "net/reject.h"
#include "table/lifecycle.h"
#include "worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct acceptor {
    /* Set by acceptor_init; they never change after, except that the thread removes the listener's
     * file. */
    struct listener listener;            /* closed by acceptor_deinit */
    int wake;                            /* an event: acceptor_check has asked */
    const struct lined_options *options; /* the fields that cannot change */
    const struct live_options *live;     /* the others */
    struct lifecycle *lifecycle;
    struct admission *admission;
    struct workers *workers;

    struct accept_errors errors; /* locks for itself */
    _Atomic int fatal_error;     /* an errno, for which it has given up; 0: it has not */
    pthread_t thread;

    /* acceptor_check has asked this often; the thread has answered up to this question. Relaxed:
     * the two guard no other memory. */
    _Atomic unsigned asked;
    _Atomic unsigned answered;
    atomic_bool has_ended; /* after a drain: it has no more to do, and counts as alive */

    /* The thread's own. */
    uint64_t wakes;    /* see lifecycle_pause */
    unsigned failures; /* in a row */
    bool saw_drain;    /* queued is set */
    size_t queued;     /* clients that waited when the drain was seen, and are not accepted yet */
    struct reject_list rejected;
};

/* Takes over the listener. LINED_OK or -errno; then the listener is the caller's. */
int acceptor_init(struct acceptor *acceptor, const struct listener *listener,
                  const struct lined_options *options, const struct live_options *live,
                  struct lifecycle *lifecycle, struct admission *admission,
                  struct workers *workers);

/* Closes the listener. The thread must have ended, or never have begun. */
void acceptor_deinit(struct acceptor *acceptor);

/* Starts the thread. It ends when the server drains or stops. If no later accept can succeed, it
 * drains the server itself. LINED_OK or -errno. */
int acceptor_start(struct acceptor *acceptor);

/* Waits for the thread. */
void acceptor_join(struct acceptor *acceptor);

/* Asks the thread for a sign of life. True: it has answered all questions before. The thread
 * answers wherever it waits, also at the limit of connections. Any thread. */
bool acceptor_check(struct acceptor *acceptor);

#endif
