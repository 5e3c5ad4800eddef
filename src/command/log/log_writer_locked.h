/*
 * The fields that log_writer.c (appending) and log_writer_thread.c (the writer thread) share.
 */
#ifndef LOG_WRITER_LOCKED_H
#define LOG_WRITER_LOCKED_H

#include "log_buffer.h"
#include "log_writer.h"

#include "base/invariant.h"
#include "base/monotonic.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct log_writer {
    /* These never change. */
    struct log_events events;
    pthread_t thread;
    bool is_shared;

    /* Used by the writer thread alone, and by log_writer_free after its end. */
    int fd;
    bool owns_fd;
    bool is_last_time;       /* the log ends: a failed write is not tried again */
    int64_t paused_ms;       /* monotonic; when the pause began */
    uint64_t paused_dropped; /* the value of dropped when the pause began */

    pthread_mutex_t lock;
    pthread_cond_t appended; /* wakes the writer: there is text, or the log ends */
    pthread_cond_t taken;    /* wakes threads that append: there is room, or there will be none */
    pthread_cond_t written;  /* wakes log_writer_stop: the writer has ended */

    enum log_overflow overflow; /* lock */
    int next_fd;                /* lock; owned; the writer takes it as its fd; -1: none */
    struct log_buffer text;     /* lock; the writer reads the text to write without it */
    uint64_t dropped;           /* lock; lines that will never be written */
    uint64_t left_out;          /* lock; of these, dropped by LOG_DROP because there was no room */
    int64_t stalled_ms;   /* lock; monotonic; since when threads wait for room; 0: none waits */
    int64_t room_until;   /* lock; monotonic ms; end of the wait for room; 0: no end */
    int64_t ending_until; /* lock; monotonic ms; end of the wait in log_writer_stop; 0: no end */
    bool is_paused; /* lock, but the writer, which alone sets it, reads it without; writing fails:
                       text without room is dropped */
    bool is_stall_reported; /* lock */
    bool dead;         /* lock; writing has failed, or the reader is stuck: all text is dropped */
    bool has_given_up; /* lock; dead because the reader is stuck */
    bool ending;       /* lock; no more text will be appended */
    bool has_ended;    /* lock; the writer thread is at its end */
};

static inline void log_writer_lock(struct log_writer *log)
{
    INVARIANT(pthread_mutex_lock(&log->lock) == 0);
}

static inline void log_writer_unlock(struct log_writer *log)
{
    INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
}

/* Wakes the threads that wait for room. Returns how long they have waited if the stall was
 * reported; else 0. */
static inline int64_t log_writer_end_stall_locked(struct log_writer *log)
{
    int64_t waited = log->is_stall_reported ? monotonic_ms() - log->stalled_ms : 0;

    log->stalled_ms = 0;
    log->is_stall_reported = false;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    return waited;
}

/* Drops the pending text and all text that is appended later, and wakes the threads that wait for
 * room. */
static inline void log_writer_die_locked(struct log_writer *log)
{
    log->dead = true;
    log->dropped += log_buffer_drop_pending(&log->text);
    log_writer_end_stall_locked(log);
}

/* The function of the writer thread; argument is the log. */
void *log_writer_main(void *argument);

#endif
