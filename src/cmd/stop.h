/*
 * What signals do to a server. SIGTERM, SIGINT and SIGHUP end it: the first drains it; a second
 * that is no SIGHUP cuts it, its log too. Signals that come within STOP_SAME_MS count as one.
 * SIGUSR1 prints the statistics, WARN_SIGNAL what warn.h has held back. A thread of its own takes
 * them with sigwait(3), so nothing runs in a signal handler.
 */
#ifndef STOP_H
#define STOP_H

#include "log_writer.h"

#include <lined.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* timeout(1) sends its signal to its child, and then to its own group, which the child is in. */
#define STOP_SAME_MS 20

struct stop {
    lined_server *server;
    struct log_writer *log;    /* NULL: there is none */
    uint32_t drain_timeout_ms; /* the server's */
    pthread_t thread;
    _Atomic int64_t began_ms; /* monotonic; when the first signal came; 0: it has not */
    int64_t drained_ms;       /* the thread's own; monotonic; when it had begun the drain */
    atomic_bool over;         /* stop_deinit wants the thread to end */
};

/* Blocks the signals in this thread and all that it makes: call it before any thread is made. */
void stop_block_signals(void);

/* From here on the signals act on server and log. 0 or -errno. */
int stop_init(struct stop *stop, lined_server *server, struct log_writer *log,
              uint32_t drain_timeout_ms);

/* From here on they do not, and both may be freed. */
void stop_deinit(struct stop *stop);

#endif
