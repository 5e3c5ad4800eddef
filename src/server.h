/*
 * The parts of a server. They reach each other through pointers that they are given when they are
 * made; only server.c, server_listen.c, push.c, foreach.c, remote.c and timers.c look into this
 * struct. It outlives all connections: lined_server_free waits for them.
 */
#ifndef SERVER_H
#define SERVER_H

#include "acceptor.h"
#include "active/mailbox.h"
#include "conn/busy_poll.h"
#include "conn/flusher.h"
#include "conn/service.h"
#include "lined.h"
#include "net/access.h"
#include "net/admission.h"
#include "table/conn_table.h"
#include "table/latency.h"
#include "table/lifecycle.h"
#include "table/totals.h"
#include "timer_thread.h"
#include "worker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lined_server {
    /* Set by lined_server_new; they never change after lined_server_start. */
    struct lined_options options; /* the texts are not kept */
    char *greeting;               /* owned; with its LF */
    struct access access;
    struct service service;
    int64_t made_ms; /* monotonic */
    bool is_started;
    pthread_t dispatcher; /* active mode */

    struct live_options live; /* atomics */

    /* These lock for themselves. */
    struct conn_table table;
    struct lifecycle lifecycle;
    struct totals totals;
    struct latency latency;
    struct admission admission;
    struct busy_poll_limit busy_poll;
    struct mailbox mailbox; /* active mode */
    struct workers workers;
    struct flusher flusher;
    struct timer_thread timers;

    /* One for each listener. Added by lined_server_listen; the array does not change after
     * lined_server_start. */
    struct acceptor **acceptors; /* owned */
    size_t acceptor_count;
};

struct endpoint;

/* As lined_server_listen. */
int server_add_listener(lined_server *server, const struct endpoint *endpoint);

#endif
