/*
 * Signals. The first SIGTERM or SIGINT stops the server: for the drain delay it goes on accepting,
 * and then it drains. A second SIGTERM or SIGINT cuts the connections and the log, at any time.
 * Signals within STOP_SAME_MS count as one. If the server has not ended STOP_CUT_MS after a cut,
 * the process exits. SIGHUP reloads; if there is nothing to reload and lined was started at a
 * terminal, which sends SIGHUP when it closes, it acts as the first SIGTERM. SIGUSR1 prints the
 * statistics, and WARNING_SIGNAL the counted warnings of warning.h. WATCHDOG_SIGNAL notifies the
 * service manager that the acceptors are alive (notify.h). SAMPLE_SIGNAL comes each
 * STOP_SAMPLE_MS, if there is something to sample. A signal that is ignored when
 * lined starts stays ignored. One thread takes all other signals with sigwait(3), so no code runs
 * in a signal handler.
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

/* The signal of the timer for samples, and its interval. */
#define SAMPLE_SIGNAL  SIGRTMIN
#define STOP_SAMPLE_MS 2000

/* Must be all zero before stop_init, except sample and its context. */
struct stop {
    sigset_t signals; /* the signals of the thread; set by stop_init */
    timer_t timer; /* sends WARNING_SIGNAL when a delayed drain is due, and STOP_CUT_MS after a cut;
                    * set by stop_init */
    timer_t wake_timer;            /* sends WARNING_SIGNAL at once; set by stop_init */
    timer_t sample_timer;          /* sends SAMPLE_SIGNAL; set by stop_init if sample is not NULL */
    void (*sample)(void *context); /* each STOP_SAMPLE_MS; NULL: there is nothing to sample */
    void *sample_context;
    lined_server *server;
    struct log_writer *log;        /* NULL: no packet log */
    bool (*reload)(void *context); /* false: it failed. NULL: there is nothing to reload */
    void *reload_context;
    bool has_terminal; /* set by stop_init */
    pthread_t thread;
    _Atomic uint32_t drain_timeout_ms; /* of the server */
    _Atomic uint32_t drain_delay_ms;
    _Atomic int64_t due_ms;   /* monotonic; when the drain begins; 0: no signal yet */
    _Atomic int64_t began_ms; /* monotonic; when the drain began; 0: not yet */
    _Atomic int64_t cut_ms;   /* monotonic; time of the cut; 0: none yet */
    int64_t handled_ms; /* used by the thread alone; monotonic; when the first signal was handled */
    atomic_bool wants_drain; /* stop_drain was called */
    atomic_bool has_ended;   /* lined_server_wait has returned */
    atomic_bool over;        /* stop_end wants the thread to end */
};

/* Blocks the signals in this thread and the threads that it creates: call it before any thread
 * exists. 0 or -errno. */
int stop_init(struct stop *stop);

/* The times of the server's end, before it begins. Any thread. */
void stop_set_timeouts(struct stop *stop, uint32_t drain_timeout_ms, uint32_t drain_delay_ms);

/* Starts the thread: signals then act on server and log. The caller has set reload, its context and
 * the timeouts. 0 or -errno. */
int stop_start(struct stop *stop, lined_server *server, struct log_writer *log);

/* How far the end has come, for a page that reports whether lined is ready. */
enum stop_phase {
    STOP_SERVING,
    STOP_DELAYED, /* a signal has come, and lined still accepts: the drain delay */
    STOP_DRAINING,
};

/* Any thread. */
enum stop_phase stop_phase(const struct stop *stop);

/* Drains as the first signal does, after the delay. Between stop_start and stop_end, any thread. */
void stop_drain(struct stop *stop);

/* lined_server_wait has returned. */
void stop_note_ended(struct stop *stop);

/* Connections are being cut. If stop_end is not called within STOP_CUT_MS, the process exits with a
 * message, the summary and STATUS_CUT. Any thread. */
void stop_note_cut(struct stop *stop);

/* Call it after the server and the log have ended. Signals then have no effect, and both may be
 * freed. */
void stop_end(struct stop *stop);

#endif
