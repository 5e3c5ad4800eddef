/*
 * Signals. The first SIGTERM, SIGINT or SIGHUP drains the server. A second SIGTERM or SIGINT cuts
 * the connections and the log. Signals within STOP_SAME_MS count as one. If the server has not
 * ended STOP_CUT_MS after a cut, the process exits. SIGUSR1 prints the statistics, and
 * WARNING_SIGNAL the counted warnings of warning.h. WATCHDOG_SIGNAL
 * notifies the service manager that the acceptors are alive (notify.h). A signal that is ignored
 * when lined starts stays ignored. One thread takes all other signals with sigwait(3), so no code
 * runs in a signal handler.
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

/* timeout(1) sends its signal to its child, and then to its process group, which includes the
 * child. */
#define STOP_SAME_MS 20

/* How long a cut may take. A callback that waits cannot be interrupted, and the server does not end
 * before it returns. */
#define STOP_CUT_MS 1000

/* Must be all zero before stop_init. */
struct stop {
    sigset_t signals; /* the signals of the thread; set by stop_init */
    timer_t timer;    /* sends WARNING_SIGNAL STOP_CUT_MS after a cut; set by stop_init */
    lined_server *server;
    struct log_writer *log;    /* NULL: no packet log */
    uint32_t drain_timeout_ms; /* of the server */
    pthread_t thread;
    _Atomic int64_t began_ms; /* monotonic; time of the first signal; 0: none yet */
    _Atomic int64_t cut_ms;   /* monotonic; time of the cut; 0: none yet */
    int64_t drained_ms; /* used by the thread alone; monotonic; time when the drain had begun */
    atomic_bool wants_drain; /* stop_drain was called */
    atomic_bool over;        /* stop_end wants the thread to end */
};

/* Blocks the signals in this thread and the threads that it creates: call it before any thread
 * exists. 0 or -errno. */
int stop_init(struct stop *stop);

/* Starts the thread: signals then act on server and log. 0 or -errno. */
int stop_start(struct stop *stop, lined_server *server, struct log_writer *log,
               uint32_t drain_timeout_ms);

/* Drains as the first signal does. Between stop_start and stop_end, any thread. */
void stop_drain(struct stop *stop);

/* Connections are being cut. If stop_end is not called within STOP_CUT_MS, the process exits with a
 * message, the summary and STATUS_CUT. Any thread. */
void stop_note_cut(struct stop *stop);

/* Call it after the server and the log have ended. Signals then have no effect, and both may be
 * freed. */
void stop_end(struct stop *stop);

#endif
