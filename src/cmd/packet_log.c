#include "packet_log.h"

#include "../invariant.h"
#include "../monotonic.h"
#include "inspect.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A connection's chunk holds any one log line; what it has after each is what it gathers. */
#define CHUNK_SIZE ((size_t)32 * 1024)

/* How much may be pending before connections wait. */
#define PENDING_MOST ((size_t)1024 * 1024)

struct packet_log {
    int fd;
    void (*failed)(int error);
    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t appended; /* the writer waits: there is text, or the log ends */
    pthread_cond_t taken;    /* connections wait: there is room, or the log is dead */
    pthread_cond_t written;  /* packet_log_stop waits: the writer has ended */

    char *pending;       /* lock; PENDING_MOST bytes, appended to by connections */
    size_t size;         /* lock; bytes pending */
    bool dead;           /* lock; writing failed, or the reader is stuck: text is dropped */
    int64_t hurry_until; /* lock; monotonic ms; 0: wait for room for ever */
    bool ending;         /* lock; nothing will be appended any more */
    bool has_ended;      /* lock; the writer is done */

    char *writing; /* the writer's; swapped with pending under the lock */
};

/* One connection's log lines, on their way. Owned by its thread, in the observer's slot. */
struct chunk {
    size_t used;
    char text[CHUNK_SIZE];
};

/* ---- the connections' side ---- */

/* Drops what is logged from now on, and lets go whoever waits for room. */
static void die_locked(struct packet_log *log)
{
    log->dead = true;
    log->size = 0;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
}

static void wait_for_room_locked(struct packet_log *log)
{
    if (log->hurry_until == 0) {
        INVARIANT(pthread_cond_wait(&log->taken, &log->lock) == 0);
        return;
    }
    const struct timespec deadline = monotonic_timespec(log->hurry_until);
    if (pthread_cond_timedwait(&log->taken, &log->lock, &deadline) == ETIMEDOUT)
        die_locked(log);
}

static void append(struct packet_log *log, const char *text, size_t size)
{
    INVARIANT(pthread_mutex_lock(&log->lock) == 0);
    while (!log->dead && PENDING_MOST - log->size < size)
        wait_for_room_locked(log);
    if (!log->dead) {
        memcpy(log->pending + log->size, text, size);
        log->size += size;
        /* The writer waits only when nothing is pending, so only the first text need wake it. */
        if (log->size == size)
            INVARIANT(pthread_cond_signal(&log->appended) == 0);
    }
    INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
}

static void hand_over(struct packet_log *log, struct chunk *chunk)
{
    if (chunk->used > 0)
        append(log, chunk->text, chunk->used);
    chunk->used = 0;
}

static char *put(char *to, const char *text, size_t size)
{
    return (char *)memcpy(to, text, size) + size;
}

static const char prefix[] = "Incoming packet: ";

/* Writes the log line of a line; returns where it ends. Needs LOG_LINE_MOST bytes at most. */
#define LOG_LINE_MOST (sizeof prefix - 1 + INSPECT_MOST + 1)

static char *put_log_line(char *to, const char *line, size_t size)
{
    to = put(to, prefix, sizeof prefix - 1);
    to += inspect(to, line, size);
    *to++ = '\n';
    return to;
}

/* The connection has no chunk, for want of memory. Its stack has room for one log line. */
static void append_line(struct packet_log *log, const char *line, size_t size)
{
    char text[LOG_LINE_MOST];

    append(log, text, (size_t)(put_log_line(text, line, size) - text));
}

static void log_line(void *context, void **slot, const char *line, size_t size)
{
    struct packet_log *log = context;

    if (*slot == NULL) {
        *slot = malloc(sizeof(struct chunk));
        if (*slot == NULL) {
            append_line(log, line, size);
            return;
        }
        ((struct chunk *)*slot)->used = 0;
    }
    struct chunk *chunk = *slot;
    _Static_assert(CHUNK_SIZE >= LOG_LINE_MOST, "an empty chunk holds any log line");
    if (CHUNK_SIZE - chunk->used < sizeof prefix + inspect_bound(size))
        hand_over(log, chunk);
    char *end = put_log_line(chunk->text + chunk->used, line, size);
    chunk->used = (size_t)(end - chunk->text);
}

/* The connection is about to wait: it shows what it has, and needs no memory while it waits. */
static void log_settled(void *context, void **slot)
{
    if (*slot == NULL)
        return;
    hand_over(context, *slot);
    free(*slot);
    *slot = NULL;
}

static void log_closed(void *context, void **slot, lined_conn *conn, int reason)
{
    static const char disconnected[] = "Client disconnected\n";
    char text[sizeof "Connection closed: : \n" + LINED_REASON_SIZE + LINED_PEER_SIZE];
    char reason_text[LINED_REASON_SIZE];
    char peer[LINED_PEER_SIZE];

    log_settled(context, slot);
    if (reason == LINED_EOF || reason == LINED_RESET) {
        append(context, disconnected, sizeof disconnected - 1);
        return;
    }
    lined_reason(reason, reason_text);
    lined_peer(conn, peer);
    int size = snprintf(text, sizeof text, "Connection closed: %s: %s\n", reason_text, peer);
    INVARIANT(size > 0 && (size_t)size < sizeof text);
    append(context, text, (size_t)size);
}

void packet_log_observe(struct packet_log *log, struct lined_observer *observer)
{
    observer->context = log;
    observer->line = log_line;
    observer->settled = log_settled;
    observer->closed = log_closed;
}

/* ---- the writer's side ---- */

/* Waits until text is pending or the log ends. Then gives way once: on a busy core others have more
 * to append, and it is one write for all of it, not one for each. */
static void wait_for_text_locked(struct packet_log *log)
{
    for (bool has_given_way = false;; has_given_way = true) {
        while (log->size == 0 && !log->ending)
            INVARIANT(pthread_cond_wait(&log->appended, &log->lock) == 0);
        if (has_given_way || log->ending || log->size > PENDING_MOST / 4)
            return;
        INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
        sched_yield();
        INVARIANT(pthread_mutex_lock(&log->lock) == 0);
    }
}

/* Takes all that is pending, waiting for it. 0: the log has ended. */
static size_t take_pending(struct packet_log *log)
{
    INVARIANT(pthread_mutex_lock(&log->lock) == 0);
    wait_for_text_locked(log);
    size_t size = log->size;
    char *taken = log->pending;
    log->pending = log->writing;
    log->writing = taken;
    log->size = 0;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
    return size;
}

/* 0, or the errno that writing failed with. */
static int write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, text, size);
        if (written < 0 && errno == EAGAIN) {
            /* Somebody made the descriptor non-blocking; it may be shared, so it stays so. */
            struct pollfd writable = {.fd = fd, .events = POLLOUT};
            poll(&writable, 1, -1);
        } else if (written < 0 && errno != EINTR) {
            return errno;
        } else if (written > 0) {
            text += written;
            size -= (size_t)written;
        }
    }
    return 0;
}

void packet_log_hurry(struct packet_log *log, uint32_t timeout_ms)
{
    INVARIANT(pthread_mutex_lock(&log->lock) == 0);
    log->hurry_until = monotonic_ms() + timeout_ms;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    INVARIANT(pthread_cond_signal(&log->written) == 0);
    INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
}

static void *writer_main(void *argument)
{
    struct packet_log *log = argument;
    bool has_failed = false;

    for (size_t size; (size = take_pending(log)) > 0;) {
        int error = has_failed ? 0 : write_all(log->fd, log->writing, size);
        if (error != 0) {
            has_failed = true;
            INVARIANT(pthread_mutex_lock(&log->lock) == 0);
            die_locked(log);
            INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
            log->failed(error);
        }
    }
    INVARIANT(pthread_mutex_lock(&log->lock) == 0);
    log->has_ended = true;
    INVARIANT(pthread_cond_signal(&log->written) == 0);
    INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
    return NULL;
}

/* ---- start and stop ---- */

static void init_locks(struct packet_log *log)
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

void packet_log_free(struct packet_log *log)
{
    INVARIANT(pthread_cond_destroy(&log->written) == 0);
    INVARIANT(pthread_cond_destroy(&log->taken) == 0);
    INVARIANT(pthread_cond_destroy(&log->appended) == 0);
    INVARIANT(pthread_mutex_destroy(&log->lock) == 0);
    free(log->pending);
    free(log->writing);
    free(log);
}

int packet_log_start(struct packet_log **started, int fd, void (*failed)(int error))
{
    struct packet_log *log = calloc(1, sizeof *log);

    if (log == NULL)
        return -ENOMEM;
    init_locks(log);
    log->fd = fd;
    log->failed = failed;
    log->pending = malloc(PENDING_MOST);
    log->writing = malloc(PENDING_MOST);
    int error = log->pending == NULL || log->writing == NULL
                    ? ENOMEM
                    : pthread_create(&log->writer, NULL, writer_main, log);
    if (error != 0)
        packet_log_free(log);
    else
        *started = log;
    return -error;
}

/* Waits until the writer has ended, or until neither its stop nor a hurry leaves it any time. */
static bool wait_for_writer_locked(struct packet_log *log, int64_t deadline_ms)
{
    while (!log->has_ended) {
        bool is_hurried = log->hurry_until != 0 && log->hurry_until < deadline_ms;
        const struct timespec until =
            monotonic_timespec(is_hurried ? log->hurry_until : deadline_ms);
        if (pthread_cond_timedwait(&log->written, &log->lock, &until) == ETIMEDOUT)
            return log->has_ended;
    }
    return true;
}

bool packet_log_stop(struct packet_log *log, uint32_t timeout_ms)
{
    int64_t deadline_ms = monotonic_ms() + timeout_ms;

    INVARIANT(pthread_mutex_lock(&log->lock) == 0);
    log->ending = true;
    INVARIANT(pthread_cond_signal(&log->appended) == 0);
    bool has_ended = wait_for_writer_locked(log, deadline_ms);
    INVARIANT(pthread_mutex_unlock(&log->lock) == 0);
    if (!has_ended)
        return false;
    INVARIANT(pthread_join(log->writer, NULL) == 0);
    return true;
}
