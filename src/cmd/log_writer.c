#include "log_writer.h"

#include "log_text.h"

#include "../invariant.h"
#include "../monotonic.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

struct log_writer {
    /* These never change. */
    int fd;
    enum log_overflow overflow;
    struct log_events events;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t appended; /* the writer waits: there is text, or the log ends */
    pthread_cond_t taken;    /* threads wait that append: there is room, or the log is dead */
    pthread_cond_t written;  /* log_writer_stop waits: the writer has ended */

    struct log_text text; /* lock; what is being written is read by the writer without */
    uint64_t dropped;     /* lock; lines that will never be written */
    uint64_t left_out;    /* lock; of these, for want of room under LOG_DROP */
    bool dead;            /* lock; writing failed, or the reader is stuck: all is dropped */
    bool has_given_up;    /* lock; dead, because the reader is stuck */
    int64_t room_until;   /* lock; monotonic ms; 0: wait for room for ever */
    int64_t ending_until; /* lock; monotonic ms; log_writer_stop waits no longer; 0: no limit */
    bool ending;          /* lock; nothing will be appended any more */
    bool has_ended;       /* lock; the writer is done */
};

static void lock(struct log_writer *log)
{
    INVARIANT(pthread_mutex_lock(&log->lock) == 0);
}

static void unlock(struct log_writer *log)
{
    INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
}

/* ---- the side of those who append ---- */

/* Drops what is pending and what is appended from now on, and lets go whoever waits for room. */
static void die_locked(struct log_writer *log)
{
    log->dead = true;
    log->dropped += log_text_drop_pending(&log->text);
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
}

static void wait_for_room_locked(struct log_writer *log)
{
    if (log->room_until == 0) {
        INVARIANT(pthread_cond_wait(&log->taken, &log->lock) == 0);
        return;
    }
    const struct timespec deadline = monotonic_timespec(log->room_until);
    if (pthread_cond_timedwait(&log->taken, &log->lock, &deadline) == ETIMEDOUT && !log->dead &&
        monotonic_ms() >= log->room_until) {
        log->has_given_up = true;
        die_locked(log);
    }
}

static void put_locked(struct log_writer *log, const char *text, size_t size)
{
    log_text_put(&log->text, text, size);
    /* The writer waits only when nothing is pending, so only the first text need wake it. */
    if (log->text.size == size)
        INVARIANT(pthread_cond_signal(&log->appended) == 0);
}

void log_writer_append(struct log_writer *log, const char *text, size_t size)
{
    uint64_t missing = 0;

    lock(log);
    while (log->overflow == LOG_BLOCK && !log->dead && !log_text_has_room(&log->text, size))
        wait_for_room_locked(log);
    if (log->dead) {
        log->dropped += log_text_count(text, size);
    } else if (log_text_has_room(&log->text, size)) {
        put_locked(log, text, size);
    } else {
        missing = log_text_count(text, size);
        log_text_miss(&log->text, missing);
        log->dropped += missing;
        log->left_out += missing;
    }
    unlock(log);
    if (missing > 0)
        log->events.dropped(missing);
}

/* ---- the writer's side ---- */

/* Waits until text is pending or the log ends. Then gives way once: on a busy core others have more
 * to append, and it is one write for all of it, not one for each. */
static void wait_for_text_locked(struct log_writer *log)
{
    for (bool has_given_way = false;; has_given_way = true) {
        while (log->text.size == 0 && !log->ending)
            INVARIANT(pthread_cond_wait(&log->appended, &log->lock) == 0);
        if (has_given_way || log->ending || log->text.size > LOG_TEXT_MOST / 4)
            return;
        unlock(log);
        sched_yield();
        lock(log);
    }
}

/* Takes all that is pending, waiting for it. 0: the log has ended. */
static size_t take_pending(struct log_writer *log)
{
    lock(log);
    log_text_note_left(&log->text, 0);
    wait_for_text_locked(log);
    size_t size = log_text_take(&log->text);
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    unlock(log);
    return size;
}

static void note_left(struct log_writer *log, size_t left)
{
    lock(log);
    log_text_note_left(&log->text, left);
    unlock(log);
}

/* 0, or the errno that writing failed with. */
static int write_all(struct log_writer *log, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(log->fd, text, size);
        if (written < 0 && errno == EAGAIN) {
            /* Somebody made the descriptor non-blocking; it may be shared, so it stays so. */
            struct pollfd writable = {.fd = log->fd, .events = POLLOUT};
            poll(&writable, 1, -1);
        } else if (written < 0 && errno != EINTR) {
            return errno;
        } else if (written > 0) {
            text += written;
            size -= (size_t)written;
            if (size > 0)
                note_left(log, size);
        }
    }
    return 0;
}

static void *writer_main(void *argument)
{
    struct log_writer *log = argument;

    for (size_t size; (size = take_pending(log)) > 0;) {
        int error = write_all(log, log_text_writing(&log->text), size);
        if (error != 0) {
            lock(log);
            log->dropped += log_text_drop_left(&log->text);
            die_locked(log);
            unlock(log);
            log->events.failed(error);
        }
    }
    lock(log);
    log->has_ended = true;
    INVARIANT(pthread_cond_signal(&log->written) == 0);
    unlock(log);
    return NULL;
}

/* ---- start and stop ---- */

static void init_locks(struct log_writer *log)
{
    INVARIANT(pthread_mutex_init(&log->lock, NULL) == 0);
    monotonic_cond_init(&log->appended);
    monotonic_cond_init(&log->taken);
    monotonic_cond_init(&log->written);
}

void log_writer_free(struct log_writer *log)
{
    INVARIANT(pthread_cond_destroy(&log->written) == 0);
    INVARIANT(pthread_cond_destroy(&log->taken) == 0);
    INVARIANT(pthread_cond_destroy(&log->appended) == 0);
    INVARIANT(pthread_mutex_destroy(&log->lock) == 0);
    log_text_deinit(&log->text);
    free(log);
}

int log_writer_start(struct log_writer **started, int fd, enum log_overflow overflow,
                     const struct log_events *events)
{
    struct log_writer *log = calloc(1, sizeof *log);

    if (log == NULL)
        return -ENOMEM;
    init_locks(log);
    log->fd = fd;
    log->overflow = overflow;
    log->events = *events;
    int error =
        log_text_init(&log->text) ? pthread_create(&log->thread, NULL, writer_main, log) : ENOMEM;
    if (error != 0)
        log_writer_free(log);
    else
        *started = log;
    return -error;
}

void log_writer_drain(struct log_writer *log, uint32_t timeout_ms)
{
    lock(log);
    log->room_until = monotonic_ms() + timeout_ms;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    unlock(log);
}

void log_writer_hurry(struct log_writer *log, uint32_t timeout_ms)
{
    lock(log);
    log->room_until = log->ending_until = monotonic_ms() + timeout_ms;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    INVARIANT(pthread_cond_signal(&log->written) == 0);
    unlock(log);
}

/* Where something is left the reader is stuck. */
static void abandon_locked(struct log_writer *log)
{
    if (!log_text_is_empty(&log->text))
        log->has_given_up = true;
    log->dropped += log_text_drop_left(&log->text);
    die_locked(log);
}

void log_writer_abandon(struct log_writer *log)
{
    lock(log);
    abandon_locked(log);
    unlock(log);
}

bool log_writer_has_given_up(struct log_writer *log)
{
    lock(log);
    bool has_given_up = log->has_given_up;
    unlock(log);
    return has_given_up;
}

uint64_t log_writer_dropped(struct log_writer *log)
{
    lock(log);
    uint64_t dropped = log->dropped;
    unlock(log);
    return dropped;
}

uint64_t log_writer_lost(struct log_writer *log)
{
    lock(log);
    uint64_t lost = log->dropped - log->left_out;
    unlock(log);
    return lost;
}

/* Waits until the writer has ended, or until neither its stop nor a hurry leaves it any time. A
 * writer that has written all is not stuck: it needs no more than the processor. */
static bool wait_for_writer_locked(struct log_writer *log, int64_t deadline_ms)
{
    bool in_time = true;

    while (!log->has_ended && (in_time || log_text_is_empty(&log->text))) {
        bool is_hurried = log->ending_until != 0 && log->ending_until < deadline_ms;
        const struct timespec until =
            monotonic_timespec(is_hurried ? log->ending_until : deadline_ms);
        if (in_time)
            in_time = pthread_cond_timedwait(&log->written, &log->lock, &until) != ETIMEDOUT;
        else
            INVARIANT(pthread_cond_wait(&log->written, &log->lock) == 0);
    }
    return log->has_ended;
}

bool log_writer_stop(struct log_writer *log, uint32_t timeout_ms)
{
    int64_t deadline_ms = monotonic_ms() + timeout_ms;

    lock(log);
    log->ending = true;
    INVARIANT(pthread_cond_signal(&log->appended) == 0);
    bool has_ended = wait_for_writer_locked(log, deadline_ms);
    if (!has_ended)
        abandon_locked(log);
    unlock(log);
    if (!has_ended)
        return false;
    INVARIANT(pthread_join(log->thread, NULL) == 0);
    return true;
}
