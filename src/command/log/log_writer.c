#include "log_writer_locked.h"

#include "base/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- appending ---- */

/* The earlier of two times; 0 is never. */
static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms == 0 || (b_ms != 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* Waits until the writer takes the pending text, or until a time is over: the time after which
 * threads wait no longer, or the time after which the stall is reported. */
static void wait_for_room_locked(struct log_writer *log)
{
    if (log->stalled_ms == 0)
        log->stalled_ms = monotonic_ms();
    int64_t until_ms =
        earlier(log->room_until, log->is_stall_reported ? 0 : log->stalled_ms + LOG_STALL_MS);
    if (until_ms == 0) {
        INVARIANT(pthread_cond_wait(&log->taken, &log->lock) == 0);
        return;
    }
    const struct timespec until = monotonic_timespec(until_ms);
    int error = pthread_cond_timedwait(&log->taken, &log->lock, &until);
    INVARIANT(error == 0 || error == ETIMEDOUT);
}

/* Called after a wait. Releases the lock for a moment to report a stall. */
static void check_time_locked(struct log_writer *log)
{
    int64_t now = monotonic_ms();

    if (log->dead || log->stalled_ms == 0)
        return;
    if (log->room_until != 0 && now >= log->room_until) {
        log->has_given_up = true;
        log_writer_die_locked(log);
    } else if (!log->is_stall_reported && now >= log->stalled_ms + LOG_STALL_MS) {
        log->is_stall_reported = true;
        log_writer_unlock(log);
        log->events.stalled();
        log_writer_lock(log);
    }
}

static void put_locked(struct log_writer *log, const char *text, size_t size)
{
    log_buffer_put(&log->text, text, size);
    /* The writer only waits when nothing is pending, so only the first text must wake it. */
    if (log->text.size == size)
        INVARIANT(pthread_cond_signal(&log->appended) == 0);
}

static bool must_wait_locked(const struct log_writer *log, size_t size)
{
    return log->overflow == LOG_BLOCK && !log->is_paused && !log->dead &&
           !log_buffer_has_room(&log->text, size);
}

void log_writer_append(struct log_writer *log, const char *text, size_t size)
{
    uint64_t missing = 0;
    bool is_left_out = false; /* the reader is too slow, and LOG_DROP is set */

    log_writer_lock(log);
    while (must_wait_locked(log, size)) {
        wait_for_room_locked(log);
        check_time_locked(log);
    }
    if (log->dead) {
        log->dropped += log_buffer_count(text, size);
    } else if (log_buffer_has_room(&log->text, size)) {
        put_locked(log, text, size);
    } else {
        missing = log_buffer_count(text, size);
        log_buffer_miss(&log->text, missing);
        log->dropped += missing;
        is_left_out = !log->is_paused;
        log->left_out += is_left_out ? missing : 0;
    }
    log_writer_unlock(log);
    if (is_left_out)
        log->events.dropped(missing);
}

void log_writer_set_json(struct log_writer *log, bool has_json)
{
    log_writer_lock(log);
    log->text.has_json = has_json;
    log_writer_unlock(log);
}

void log_writer_set_overflow(struct log_writer *log, enum log_overflow overflow)
{
    log_writer_lock(log);
    log->overflow = overflow;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    log_writer_unlock(log);
}

void log_writer_switch(struct log_writer *log, int fd)
{
    log_writer_lock(log);
    int replaced = log->next_fd;
    log->next_fd = fd;
    if (!log->has_given_up)
        log->dead = false;
    INVARIANT(pthread_cond_signal(&log->appended) == 0);
    log_writer_unlock(log);
    if (replaced >= 0)
        close(replaced);
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
    log_buffer_deinit(&log->text);
    if (log->next_fd >= 0)
        close(log->next_fd);
    if (log->owns_fd)
        close(log->fd);
    free(log);
}

bool log_writer_shares(int fd, int messages)
{
    struct stat log;
    struct stat other;

    return fstat(fd, &log) == 0 && fstat(messages, &other) == 0 && log.st_dev == other.st_dev &&
           log.st_ino == other.st_ino && (S_ISFIFO(log.st_mode) || S_ISSOCK(log.st_mode));
}

int log_writer_start(struct log_writer **started, int fd, bool is_shared,
                     enum log_overflow overflow, const struct log_events *events)
{
    struct log_writer *log = calloc(1, sizeof *log);

    if (log == NULL)
        return -ENOMEM;
    init_locks(log);
    log->fd = fd;
    log->next_fd = -1;
    log->is_shared = is_shared;
    log->overflow = overflow;
    log->events = *events;
    int error =
        log_buffer_init(&log->text) ? -thread_start(&log->thread, log_writer_main, log) : ENOMEM;
    if (error != 0)
        log_writer_free(log);
    else
        *started = log;
    return -error;
}

void log_writer_drain(struct log_writer *log, uint32_t timeout_ms)
{
    log_writer_lock(log);
    log->room_until = monotonic_ms() + timeout_ms;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    log_writer_unlock(log);
}

void log_writer_hurry(struct log_writer *log, uint32_t timeout_ms)
{
    log_writer_lock(log);
    log->room_until = log->ending_until = monotonic_ms() + timeout_ms;
    INVARIANT(pthread_cond_broadcast(&log->taken) == 0);
    INVARIANT(pthread_cond_signal(&log->written) == 0);
    log_writer_unlock(log);
}

/* If text is left, the reader is stuck. */
static void abandon_locked(struct log_writer *log)
{
    if (!log_buffer_is_empty(&log->text))
        log->has_given_up = true;
    log->dropped += log_buffer_drop_left(&log->text);
    log_writer_die_locked(log);
}

void log_writer_abandon(struct log_writer *log)
{
    log_writer_lock(log);
    abandon_locked(log);
    log_writer_unlock(log);
}

bool log_writer_has_given_up(struct log_writer *log)
{
    log_writer_lock(log);
    bool has_given_up = log->has_given_up;
    log_writer_unlock(log);
    return has_given_up;
}

uint64_t log_writer_dropped(struct log_writer *log)
{
    log_writer_lock(log);
    uint64_t dropped = log->dropped;
    log_writer_unlock(log);
    return dropped;
}

uint64_t log_writer_lost(struct log_writer *log)
{
    log_writer_lock(log);
    uint64_t lost = log->dropped - log->left_out;
    log_writer_unlock(log);
    return lost;
}

/* Waits until the writer has ended, or until its time is over, which log_writer_stop and
 * log_writer_hurry set. A writer that has written everything is not stuck: it only waits for the
 * processor. */
static bool wait_for_writer_locked(struct log_writer *log, int64_t deadline_ms)
{
    bool in_time = true;

    while (!log->has_ended && (in_time || log_buffer_is_empty(&log->text))) {
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

    log_writer_lock(log);
    log->ending = true;
    INVARIANT(pthread_cond_signal(&log->appended) == 0);
    bool has_ended = wait_for_writer_locked(log, deadline_ms);
    if (!has_ended)
        abandon_locked(log);
    log_writer_unlock(log);
    if (!has_ended)
        return false;
    INVARIANT(pthread_join(log->thread, NULL) == 0);
    return true;
}
