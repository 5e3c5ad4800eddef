/*
 * What ends a server. SIGTERM, SIGINT and SIGHUP do: the first drains it; a second that is no
 * SIGHUP cuts it, its log too. Signals that come within STOP_SAME_MS count as one. A cut that does
 * not come to an end by itself ends the process after STOP_CUT_MS. SIGUSR1 prints the statistics,
 * WARNING_SIGNAL what warn.h has held back. A signal that is ignored when lined starts stays so. A
 * thread of its own takes the others with sigwait(3), so nothing runs in a signal handler.
 */
#ifndef STOP_H
#define STOP_H

#include "command/log/log_writer.h"

#include <lined.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* timeout(1) sends its signal to its child, and then to its own group, which the child is in. */
#define STOP_SAME_MS 20

/* How long a cut may take. A callback that waits for something of its own cannot be interrupted,
 * and while it runs the server does not end. */
#define STOP_CUT_MS 1000

/* All zero before stop_init. */
struct stop {
    sigset_t signals; /* those that it takes; set by stop_init */
    timer_t timer;    /* sends WARNING_SIGNAL when a cut has taken STOP_CUT_MS; set by stop_init */
    lined_server *server;
    struct log_writer *log;    /* NULL: there is none */
    uint32_t drain_timeout_ms; /* the server's */
    pthread_t thread;
    _Atomic int64_t began_ms; /* monotonic; when the first signal came; 0: it has not */
    _Atomic int64_t cut_ms;   /* monotonic; when connections were cut; 0: they were not */
    int64_t drained_ms;       /* the thread's own; monotonic; when it had begun the drain */
    atomic_bool over;         /* stop_end wants the thread to end */
};

/* Blocks the signals in this thread and all that it makes: call it before any thread is made. 0 or
 * -errno. */
int stop_init(struct stop *stop);

/* From here on the signals act on server and log. 0 or -errno. */
int stop_start(struct stop *stop, lined_server *server, struct log_writer *log,
               uint32_t drain_timeout_ms);

/* Connections are being cut. Unless stop_end is called within STOP_CUT_MS, the process ends: with
 * a line that says so, the summary and STATUS_CUT. Any thread. */
void stop_note_cut(struct stop *stop);

/* The server and the log have ended. From here on the signals do nothing, and both may be freed. */
void stop_end(struct stop *stop);

#endif
