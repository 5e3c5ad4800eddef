/*
 * What a server is made of. Its sessions reach it through their connection. It outlives them all:
 * lined_server_free waits for the registry to be empty.
 */
#ifndef SERVER_H
#define SERVER_H

#include "admission.h"
#include "busy_poll.h"
#include "courier.h"
#include "lined.h"
#include "mailbox.h"
#include "registry.h"
#include "thread_cache.h"
#include "totals.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct lined_server {
    /* Set by lined_server_start before there is any other thread; they never change after. */
    struct lined_options options; /* ip is not kept */
    const struct lined_worker *worker;
    void *shared; /* the worker's */
    int listener; /* closed by lined_server_free */
    uint16_t port;
    pthread_t acceptor;
    pthread_t owner; /* active mode */

    /* These lock for themselves. */
    struct registry registry;
    struct thread_cache thread_cache;
    struct admission admission;
    struct mailbox mailbox; /* active mode */
    struct courier courier;
    struct totals totals;
    struct busy_poll_limit busy_poll;

    size_t stack_size; /* of the connections' threads; the acceptor's alone */

    _Atomic int accept_error; /* why the acceptor gave up, an errno; 0 while it has not */
};

#endif
