#include "log_writer.h"

#include "../invariant.h"
#include "../monotonic.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How much may be pending before there is no room. */
#define PENDING_MOST ((size_t)1024 * 1024)

/* Room for the line that says how many are missing. */
#define MARK_SIZE 64

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

    char *pending;        /* lock; PENDING_MOST bytes and a mark's */
    size_t size;          /* lock; bytes pending */
    uint64_t missing;     /* lock; lines dropped behind what is pending; they get a mark */
    uint64_t dropped;     /* lock; lines that will never be written */
    bool dead;            /* lock; writing failed, or the reader is stuck: all is dropped */
    bool has_given_up;    /* lock; dead, because the reader is stuck */
    int64_t room_until;   /* lock; monotonic ms; 0: wait for room for ever */
    int64_t ending_until; /* lock; monotonic ms; log_writer_stop waits no longer; 0: no limit */
    bool ending;          /* lock; nothing will be appended any more */
    bool has_ended;       /* lock; the writer is done */

    char *writing;   /* swapped with pending under the lock, by the writer, which reads it; nobody
                      * writes to it */
    size_t left;     /* lock; of writing, the last bytes, which are not known to be written */
    size_t taken_up; /* lock; bytes of writing */
    bool has_mark;   /* lock; the last line of writing is a mark */
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

static uint64_t count_lines(const char *text, size_t size)
{
    uint64_t lines = 0;

    for (const char *end = text + size; (text = memchr(text, '\n', (size_t)(end - text))) != NULL;
         text++)
        lines++;
    return lines;
}

/* Drops what is pending and what is appended from now on, and lets go whoever waits for room. */
static void die_locked(struct log_writer *log)
{
    log->dead = true;
    log->dropped += count_lines(log->pending, log->size);
    log->size = 0;
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

/* Once something is missing, nothing goes in before the writer has marked the place: so each gap is
 * one, and its mark is where the lines are missing. */
static bool has_room_locked(const struct log_writer *log, size_t size)
{
    return PENDING_MOST - log->size >= size && log->missing == 0;
}

static void put_locked(struct log_writer *log, const char *text, size_t size)
{
    memcpy(log->pending + log->size, text, size);
    log->size += size;
    /* The writer waits only when nothing is pending, so only the first text need wake it. */
    if (log->size == size)
        INVARIANT(pthread_cond_signal(&log->appended) == 0);
}

void log_writer_append(struct log_writer *log, const char *text, size_t size)
{
    uint64_t missing = 0;

    lock(log);
    while (log->overflow == LOG_BLOCK && !log->dead && !has_room_locked(log, size))
        wait_for_room_locked(log);
    if (log->dead) {
        log->dropped += count_lines(text, size);
    } else if (has_room_locked(log, size)) {
        put_locked(log, text, size);
    } else {
        missing = count_lines(text, size);
        log->missing += missing;
        log->dropped += missing;
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
        while (log->size == 0 && !log->ending)
            INVARIANT(pthread_cond_wait(&log->appended, &log->lock) == 0);
        if (has_given_way || log->ending || log->size > PENDING_MOST / 4)
            return;
        unlock(log);
        sched_yield();
        lock(log);
    }
}

/* Lines are missing only behind what is pending, for there was no room for them. */
static void put_mark_locked(struct log_writer *log)
{
    log->has_mark = log->missing > 0 && log->size > 0;
    if (!log->has_mark)
        return;
    log->size += (size_t)snprintf(log->pending + log->size, MARK_SIZE,
                                  "Lines dropped: %" PRIu64 "\n", log->missing);
    log->missing = 0;
}

/* Takes all that is pending, waiting for it. 0: the log has ended. */
static size_t take_pending(struct log_writer *log)
{
    lock(log);
    log->left = 0;
    wait_for_text_locked(log);
    put_mark_locked(log);
    char *taken = log->pending;
    log->pending = log->writing;
    log->writing = taken;
    log->taken_up = log->size;
    log->left = log->size;
    log->size = 0;
    size_t size = log->left;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    unlock(log);
    return size;
}

static void note_left(struct log_writer *log, size_t left)
{
    lock(log);
    log->left = left;
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

/* What is left of writing is lost. A mark is none of the lines. */
static void drop_left_locked(struct log_writer *log)
{
    if (log->left > 0)
        log->dropped += count_lines(log->writing + log->taken_up - log->left, log->left) -
                        (log->has_mark ? 1 : 0);
    log->left = 0;
}

static void *writer_main(void *argument)
{
    struct log_writer *log = argument;

    for (size_t size; (size = take_pending(log)) > 0;) {
        int error = write_all(log, log->writing, size);
        if (error != 0) {
            lock(log);
            drop_left_locked(log);
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
    pthread_condattr_t monotonic;

    INVARIANT(pthread_condattr_init(&monotonic) == 0);
    INVARIANT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    INVARIANT(pthread_mutex_init(&log->lock, NULL) == 0);
    INVARIANT(pthread_cond_init(&log->appended, &monotonic) == 0);
    INVARIANT(pthread_cond_init(&log->taken, &monotonic) == 0);
    INVARIANT(pthread_cond_init(&log->written, &monotonic) == 0);
    INVARIANT(pthread_condattr_destroy(&monotonic) == 0);
}

void log_writer_free(struct log_writer *log)
{
    INVARIANT(pthread_cond_destroy(&log->written) == 0);
    INVARIANT(pthread_cond_destroy(&log->taken) == 0);
    INVARIANT(pthread_cond_destroy(&log->appended) == 0);
    INVARIANT(pthread_mutex_destroy(&log->lock) == 0);
    free(log->pending);
    free(log->writing);
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
    log->pending = malloc(PENDING_MOST + MARK_SIZE);
    log->writing = malloc(PENDING_MOST + MARK_SIZE);
    int error = log->pending == NULL || log->writing == NULL
                    ? ENOMEM
                    : pthread_create(&log->thread, NULL, writer_main, log);
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

/* Waits until the writer has ended, or until neither its stop nor a hurry leaves it any time. */
static bool wait_for_writer_locked(struct log_writer *log, int64_t deadline_ms)
{
    while (!log->has_ended) {
        bool is_hurried = log->ending_until != 0 && log->ending_until < deadline_ms;
        const struct timespec until =
            monotonic_timespec(is_hurried ? log->ending_until : deadline_ms);
        if (pthread_cond_timedwait(&log->written, &log->lock, &until) == ETIMEDOUT)
            return log->has_ended;
    }
    return true;
}

bool log_writer_stop(struct log_writer *log, uint32_t timeout_ms)
{
    int64_t deadline_ms = monotonic_ms() + timeout_ms;

    lock(log);
    log->ending = true;
    INVARIANT(pthread_cond_signal(&log->appended) == 0);
    bool has_ended = wait_for_writer_locked(log, deadline_ms);
    if (!has_ended) {
        drop_left_locked(log);
        die_locked(log);
    }
    unlock(log);
    if (!has_ended)
        return false;
    INVARIANT(pthread_join(log->thread, NULL) == 0);
    return true;
}
