/*
 * What log_writer.c, where threads append, and log_writer_thread.c, the thread that writes, share.
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
    int fd;
    enum log_overflow overflow;
    bool is_shared;

    /* The writer thread's own. */
    bool is_last_time;       /* the log ends: what fails now is not tried again */
    int64_t paused_ms;       /* monotonic; when the pause began */
    uint64_t paused_dropped; /* what dropped was then */

    pthread_mutex_t lock;
    pthread_cond_t appended; /* the writer waits: there is text, or the log ends */
    pthread_cond_t taken;    /* threads wait that append: there is room, or none will come */
    pthread_cond_t written;  /* log_writer_stop waits: the writer has ended */

    struct log_buffer text; /* lock; what is being written is read by the writer without */
    uint64_t dropped;       /* lock; lines that will never be written */
    uint64_t left_out;      /* lock; of these, for want of room under LOG_DROP */
    int64_t stalled_ms;     /* lock; monotonic; since when threads wait for room; 0: none does */
    int64_t room_until;     /* lock; monotonic ms; 0: wait for room for ever */
    int64_t ending_until;   /* lock; monotonic ms; log_writer_stop waits no longer; 0: no limit */
    bool is_paused;         /* lock, but the writer alone sets it, and reads it without; writing
                             * fails for now: what finds no room is dropped */
    bool is_stall_said;     /* lock */
    bool dead;              /* lock; writing failed, or the reader is stuck: all is dropped */
    bool has_given_up;      /* lock; dead, because the reader is stuck */
    bool ending;            /* lock; nothing will be appended any more */
    bool has_ended;         /* lock; the writer is done */
};

static inline void log_writer_lock(struct log_writer *log)
{
    INVARIANT(pthread_mutex_lock(&log->lock) == 0);
}

static inline void log_writer_unlock(struct log_writer *log)
{
    INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
}

/* No thread waits for room any more. Returns how long they have waited, where that was said; else
 * 0. */
static inline int64_t log_writer_end_stall_locked(struct log_writer *log)
{
    int64_t waited = log->is_stall_said ? monotonic_ms() - log->stalled_ms : 0;

    log->stalled_ms = 0;
    log->is_stall_said = false;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    return waited;
}

/* Drops what is pending and what is appended from now on, and lets go the threads that wait for
 * room. */
static inline void log_writer_die_locked(struct log_writer *log)
{
    log->dead = true;
    log->dropped += log_buffer_drop_pending(&log->text);
    log_writer_end_stall_locked(log);
}

/* What the writer thread runs, with the log. */
void *log_writer_main(void *argument);

#endif
