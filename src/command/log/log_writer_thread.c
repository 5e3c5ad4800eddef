/* The writer thread of the log. */
#include "log_writer_locked.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- the descriptor ---- */

/* Makes next_fd the descriptor. False: there is none. */
static bool switch_fd(struct log_writer *log)
{
    log_writer_lock(log);
    int fd = log->next_fd;
    log->next_fd = -1;
    log_writer_unlock(log);
    if (fd < 0)
        return false;
    if (log->owns_fd)
        close(log->fd);
    log->fd = fd;
    log->owns_fd = true;
    return true;
}

/* ---- taking the pending text ---- */

static bool has_work_locked(const struct log_writer *log)
{
    return log->text.size > 0 || log->ending || log->next_fd >= 0;
}

/* Waits until text is pending, the log ends, or there is a new descriptor. Then yields once: on a
 * busy core other threads append more, and one write suffices for all their text. */
static void wait_for_work_locked(struct log_writer *log)
{
    for (bool has_yielded = false;; has_yielded = true) {
        while (!has_work_locked(log))
            INVARIANT(pthread_cond_wait(&log->appended, &log->lock) == 0);
        if (has_yielded || log->ending || log->text.size > LOG_BUFFER_SIZE / 4)
            return;
        log_writer_unlock(log);
        sched_yield();
        log_writer_lock(log);
    }
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Waits for pending text and takes it; a new descriptor is used from this text on. False: the log
 * has ended. */
static bool take_pending(struct log_writer *log, size_t *size)
{
    log_writer_lock(log);
    log_buffer_note_left(&log->text, 0);
    wait_for_work_locked(log);
    log->text.now_us = now_us();
    *size = log_buffer_take(&log->text);
    int64_t stalled_ms = log_writer_end_stall_locked(log);
    bool is_over = *size == 0 && log->ending;
    log_writer_unlock(log);
    if (stalled_ms > 0)
        log->events.unstalled(stalled_ms);
    switch_fd(log);
    return !is_over;
}

static void note_left(struct log_writer *log, size_t left)
{
    log_writer_lock(log);
    log_buffer_note_left(&log->text, left);
    log_writer_unlock(log);
}

/* ---- failures of write(2) ---- */

/* True if no later write to the descriptor can succeed: it is not open for writing, or its reader
 * has gone. Other errors may pass: a full disk or quota (ENOSPC, EDQUOT), RLIMIT_FSIZE (EFBIG), a
 * device or a file server that does not answer (EIO), memory of the kernel (ENOMEM, ENOBUFS). After
 * an unknown errno it is tried again, which does no harm. */
static bool is_for_good(int error)
{
    switch (error) {
    case EBADF:
    case EINVAL:
    case EPERM:
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
    case EDESTADDRREQ:
        return true;
    default:
        return false;
    }
}

static void begin_pause(struct log_writer *log, int error)
{
    log->paused_ms = monotonic_ms();
    log_writer_lock(log);
    log->is_paused = true;
    log->paused_dropped = log->dropped;
    log_writer_end_stall_locked(log); /* from now on they drop text without room */
    log_writer_unlock(log);
    log->events.paused(error);
}

/* The taken text is written. */
static void end_pause(struct log_writer *log)
{
    log_writer_lock(log);
    log->is_paused = false;
    uint64_t lost = log->dropped - log->paused_dropped;
    log_writer_unlock(log);
    log->events.resumed(monotonic_ms() - log->paused_ms, lost);
}

/* Waits until the next try, a new descriptor, or the end of the log: then the next try is the
 * last. */
static void wait_for_next_try(struct log_writer *log)
{
    int64_t until_ms = monotonic_ms() + LOG_RETRY_MS;
    const struct timespec until = monotonic_timespec(until_ms);

    log_writer_lock(log);
    while (!log->ending && log->next_fd < 0 && monotonic_ms() < until_ms) {
        int error = pthread_cond_timedwait(&log->appended, &log->lock, &until);
        INVARIANT(error == 0 || error == ETIMEDOUT);
    }
    log->is_last_time = log->ending;
    log_writer_unlock(log);
}

static void die(struct log_writer *log)
{
    log_writer_lock(log);
    log->dropped += log_buffer_drop_left(&log->text);
    log_writer_die_locked(log);
    log_writer_unlock(log);
}

/* False: nothing more can be written. */
static bool handle_error(struct log_writer *log, int error)
{
    struct pollfd writable = {.fd = log->fd, .events = POLLOUT};

    if (error == EINTR)
        return true;
    if (error == EAGAIN) {
        /* Another process made the descriptor non-blocking. It may share it, so the flag stays. */
        poll(&writable, 1, -1);
        return true;
    }
    if (is_for_good(error)) {
        die(log);
        log->events.failed(error);
        return false;
    }
    if (!log->is_paused)
        begin_pause(log, error);
    if (log->is_last_time) {
        die(log);
        return false;
    }
    wait_for_next_try(log);
    return true;
}

/* ---- writing ---- */

/* How many bytes to write at once. If messages go to the same pipe or socket, as with 2>&1 or under
 * journald, a message could appear inside a log line: more than PIPE_BUF bytes are not written in
 * one piece (pipe(7)). So the size is whole lines of at most PIPE_BUF bytes; only a longer line can
 * be interrupted. */
static size_t size_at_once(const struct log_writer *log, const char *text, size_t size)
{
    if (!log->is_shared || size <= PIPE_BUF)
        return size;
    for (size_t whole = PIPE_BUF; whole > 0; whole--) {
        if (text[whole - 1] == '\n')
            return whole;
    }
    const char *end = memchr(text, '\n', size);
    return end == NULL ? size : (size_t)(end + 1 - text);
}

/* Goes back to the begin of the line at *at, because its first part is in another file. */
static void rewind_line(const char *begin, const char **at, size_t *left)
{
    while (*at > begin && (*at)[-1] != '\n') {
        --*at;
        ++*left;
    }
}

/* Writes the taken text, as far as possible. A pause ends when all of it is written: after the
 * first bytes a disk that is nearly full may be full again. */
static void write_taken(struct log_writer *log, size_t size)
{
    const char *begin = log_buffer_writing(&log->text);
    const char *text = begin;

    while (size > 0) {
        ssize_t written = write(log->fd, text, size_at_once(log, text, size));
        if (written > 0) {
            text += written;
            size -= (size_t)written;
            if (size > 0)
                note_left(log, size);
        } else if (!handle_error(log, written < 0 ? errno : EIO)) {
            return;
        } else if (switch_fd(log)) {
            rewind_line(begin, &text, &size);
            note_left(log, size);
        }
    }
    if (log->is_paused)
        end_pause(log);
}

void *log_writer_main(void *argument)
{
    struct log_writer *log = argument;

    for (size_t size; take_pending(log, &size);)
        write_taken(log, size);
    log_writer_lock(log);
    log->has_ended = true;
    INVARIANT(pthread_cond_signal(&log->written) == 0);
    log_writer_unlock(log);
    return NULL;
}
