#define _GNU_SOURCE /* F_SETPIPE_SZ */
/* The writer of the packet log alone, on a descriptor of the test's. */
#include "../src/command/log/log_writer.h"

#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 64000, LINE_SIZE = 64, PATIENCE_MS = 60000 };

/* What the writer has said, for a test to wait for. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int failed_with;  /* lock */
    int failures;     /* lock; how often */
    int paused_with;  /* lock */
    int pauses;       /* lock; how often */
    int resumes;      /* lock */
    int stalls;       /* lock */
    int unstalls;     /* lock */
    int64_t waited;   /* lock; of the last unstall */
    uint64_t lost;    /* lock; of the last resume */
    uint64_t dropped; /* lock */
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void failed(int error)
{
    pthread_mutex_lock(&seen.lock);
    seen.failed_with = error;
    seen.failures++;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static void paused(int error)
{
    pthread_mutex_lock(&seen.lock);
    seen.paused_with = error;
    seen.pauses++;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static void resumed(int64_t after_ms, uint64_t lost)
{
    ck_assert_int_ge(after_ms, 0);
    pthread_mutex_lock(&seen.lock);
    seen.resumes++;
    seen.lost = lost;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static void dropped(uint64_t lines)
{
    pthread_mutex_lock(&seen.lock);
    seen.dropped += lines;
    pthread_mutex_unlock(&seen.lock);
}

static void stalled(void)
{
    pthread_mutex_lock(&seen.lock);
    seen.stalls++;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static void unstalled(int64_t after_ms)
{
    pthread_mutex_lock(&seen.lock);
    seen.unstalls++;
    seen.waited = after_ms;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static const struct log_events events = {.failed = failed,
                                         .paused = paused,
                                         .resumed = resumed,
                                         .stalled = stalled,
                                         .unstalled = unstalled,
                                         .dropped = dropped};

/* Check ends the test where it takes too long. */
static void await(const int *count)
{
    pthread_mutex_lock(&seen.lock);
    while (*count == 0)
        pthread_cond_wait(&seen.changed, &seen.lock);
    pthread_mutex_unlock(&seen.lock);
}

/* Lines that differ, so that what is written twice or out of order shows. */
static void fill(char *text)
{
    for (int at = 0; at < TEXT_SIZE; at += LINE_SIZE)
        snprintf(text + at, LINE_SIZE + 1, "%0*d\n", LINE_SIZE - 1, at);
}

/* Another process with the same terminal or pipe may have made it non-blocking (open(2)); it is
 * shared, so it stays non-blocking. The pipe takes a sixteenth at a time. */
START_TEST(a_descriptor_that_does_not_block_gets_all)
{
    static char text[TEXT_SIZE + 1], got[TEXT_SIZE];
    struct log_writer *log;
    size_t size = 0;
    int ends[2];

    fill(text);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(log_writer_start(&log, ends[1], false, LOG_BLOCK, &events), 0);
    log_writer_append(log, text, TEXT_SIZE);
    while (size < TEXT_SIZE) {
        ssize_t more = read(ends[0], got + size, TEXT_SIZE - size);
        ck_assert_int_gt(more, 0);
        size += (size_t)more;
    }
    ck_assert_mem_eq(got, text, TEXT_SIZE);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    ck_assert_uint_eq(log_writer_dropped(log), 0);
    log_writer_free(log);
    ck_assert_int_ne(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* The reader leaves amid a write: only the lines that it has not got are lost. */
START_TEST(lines_that_were_written_before_it_failed_are_not_dropped)
{
    static char text[TEXT_SIZE + 1], got[4096];
    struct log_writer *log;
    int ends[2];

    fill(text);
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(log_writer_start(&log, ends[1], false, LOG_BLOCK, &events), 0);
    log_writer_append(log, text, TEXT_SIZE);
    ck_assert_int_eq(read(ends[0], got, sizeof got), sizeof got);
    close(ends[0]);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    ck_assert_int_eq(seen.failed_with, EPIPE);
    /* A page was read, and there may be one more in the pipe. */
    ck_assert_uint_le(log_writer_dropped(log), (TEXT_SIZE - 4096) / LINE_SIZE);
    ck_assert_uint_ge(log_writer_dropped(log), (TEXT_SIZE - 2 * 4096) / LINE_SIZE);
    log_writer_free(log);
    close(ends[1]);
}
END_TEST

/* However little time it has: a writer that has written all is not stuck, and nothing is lost. */
START_TEST(a_log_that_is_written_ends_in_no_time)
{
    struct log_writer *log;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(log_writer_start(&log, null, false, LOG_BLOCK, &events), 0);
        log_writer_hurry(log, 0);
        ck_assert(log_writer_stop(log, 0));
        ck_assert_uint_eq(log_writer_lost(log), 0);
        log_writer_free(log);
    }
    close(null);
}
END_TEST

/* ---- a reader that is stuck ---- */

enum { PIECES_TOO_MANY = 40 }; /* more than the pipe and the log's two buffers hold */

static char piece[TEXT_SIZE + 1]; /* filled before any thread appends it */

static void *append_too_much(void *log)
{
    for (int i = 0; i < PIECES_TOO_MANY; i++)
        log_writer_append(log, piece, TEXT_SIZE);
    return NULL;
}

static void *read_all(void *end)
{
    static char bytes[65536];

    for (size_t left = (size_t)PIECES_TOO_MANY * TEXT_SIZE; left > 0;) {
        ssize_t size = read(*(int *)end, bytes, left < sizeof bytes ? left : sizeof bytes);
        if (size <= 0)
            break;
        left -= (size_t)size;
    }
    return NULL;
}

/* Two threads wait, and it is said once; that they wait no longer is said, too, and nothing is
 * lost. */
START_TEST(threads_that_wait_for_the_reader_are_said)
{
    struct log_writer *log;
    pthread_t appenders[2];
    pthread_t reader;
    int ends[2];

    fill(piece);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(log_writer_start(&log, ends[1], false, LOG_BLOCK, &events), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&appenders[i], NULL, append_too_much, log), 0);
    await(&seen.stalls);
    ck_assert_int_eq(pthread_create(&reader, NULL, read_all, &ends[0]), 0);
    await(&seen.unstalls);
    ck_assert_int_ge(seen.waited, LOG_STALL_MS);
    ck_assert_int_eq(seen.stalls, 1);
    ck_assert_int_eq(pthread_join(reader, NULL), 0);
    ck_assert_int_eq(pthread_create(&reader, NULL, read_all, &ends[0]), 0); /* the other's */
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(appenders[i], NULL), 0);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    ck_assert_uint_eq(log_writer_dropped(log), 0);
    log_writer_free(log);
    close(ends[1]);
    ck_assert_int_eq(pthread_join(reader, NULL), 0);
    close(ends[0]);
}
END_TEST

/* ---- a disk that is full, played by write(2) ---- */

static struct {
    atomic_int fd;       /* which descriptor; -1: none */
    atomic_int error;    /* what writing beyond the room fails with */
    atomic_size_t room;  /* how many bytes there may be */
    atomic_size_t used;  /* how many there are */
    atomic_int attempts; /* how often writing was tried */
    bool says_nothing;   /* writing beyond the room is no error and takes no byte */
    bool must_be_whole;
    atomic_int torn; /* how often it was not whole lines, or more at once than a pipe keeps whole */
} disk = {.fd = -1, .error = ENOSPC};

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    if (fd != disk.fd)
        return __real_write(fd, bytes, size);
    disk.attempts++;
    bool is_one_line = memchr(bytes, '\n', size) == (const char *)bytes + size - 1;
    if (disk.must_be_whole &&
        (((const char *)bytes)[size - 1] != '\n' || (size > PIPE_BUF && !is_one_line)))
        disk.torn++;
    size_t left = disk.room - disk.used;
    if (left == 0) {
        errno = disk.error;
        return disk.says_nothing ? 0 : -1;
    }
    ssize_t written = __real_write(fd, bytes, size < left ? size : left);
    disk.used += written > 0 ? (size_t)written : 0;
    return written;
}

/* A log in a file on a disk that has so much room. */
static struct log_writer *start_on_disk(FILE **file, size_t room, enum log_overflow overflow)
{
    struct log_writer *log;

    *file = tmpfile();
    ck_assert_ptr_nonnull(*file);
    disk.room = room;
    disk.used = 0;
    disk.fd = fileno(*file);
    ck_assert_int_eq(log_writer_start(&log, fileno(*file), false, overflow, &events), 0);
    return log;
}

/* The whole of the file, terminated; the caller's. */
static char *read_file(FILE *file)
{
    long size = lseek(fileno(file), 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);

    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(pread(fileno(file), text, (size_t)size, 0), size);
    return text;
}

START_TEST(a_torn_line_is_completed_when_there_is_room_again)
{
    static char text[TEXT_SIZE + 1];
    FILE *file;

    fill(text);
    struct log_writer *log = start_on_disk(&file, LINE_SIZE * 3 / 2, LOG_BLOCK); /* amid a line */
    log_writer_append(log, text, TEXT_SIZE);
    await(&seen.pauses);
    ck_assert_int_eq(seen.paused_with, ENOSPC);
    ck_assert_int_eq(lseek(fileno(file), 0, SEEK_END), LINE_SIZE * 3 / 2);
    disk.room = SIZE_MAX;
    await(&seen.resumes);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    ck_assert_uint_eq(log_writer_lost(log), 0);
    ck_assert_uint_eq(seen.lost, 0);
    ck_assert_int_eq(seen.pauses, 1);
    log_writer_free(log);
    char *written = read_file(file);
    ck_assert_str_eq(written, text);
    free(written);
    fclose(file);
}
END_TEST

/* More than there is room for; no append waits, whatever was asked for. The lines that are missing
 * are counted where they are missing. */
static void expect_a_gap(enum log_overflow overflow)
{
    enum { PIECES = 40, LINES = TEXT_SIZE / LINE_SIZE };
    static char text[TEXT_SIZE + 1];
    FILE *file;

    fill(text);
    seen.pauses = seen.resumes = 0;
    struct log_writer *log = start_on_disk(&file, LINE_SIZE / 2, overflow);
    log_writer_append(log, text, TEXT_SIZE);
    await(&seen.pauses);
    for (int i = 1; i < PIECES; i++)
        log_writer_append(log, text, TEXT_SIZE);
    uint64_t missing = log_writer_dropped(log);
    ck_assert_uint_gt(missing, 0);
    ck_assert_uint_eq(log_writer_lost(log), missing);
    disk.room = SIZE_MAX;
    await(&seen.resumes);
    ck_assert_uint_eq(seen.lost, missing);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    ck_assert_uint_eq(log_writer_lost(log), missing);
    ck_assert_uint_eq(seen.dropped, 0); /* that is for a slow reader */
    log_writer_free(log);
    char *written = read_file(file);
    uint64_t whole = PIECES * LINES - missing;
    for (uint64_t i = 0; i < whole; i++)
        ck_assert_mem_eq(written + i * LINE_SIZE, text + i % LINES * LINE_SIZE, LINE_SIZE);
    char mark[64];
    snprintf(mark, sizeof mark, "Lines dropped: %ju\n", (uintmax_t)missing);
    ck_assert_str_eq(written + whole * LINE_SIZE, mark);
    free(written);
    fclose(file);
}

START_TEST(lines_without_room_are_lost_where_the_mark_is)
{
    expect_a_gap(LOG_BLOCK);
    expect_a_gap(LOG_DROP);
}
END_TEST

/* An end is not held up: it is tried once more, and what is not written then is lost. */
START_TEST(a_full_disk_does_not_delay_the_end)
{
    static char text[TEXT_SIZE + 1];
    FILE *file;

    fill(text);
    for (int i = 0; i < 2; i++) {
        bool is_room = i == 1;
        seen.pauses = 0;
        struct log_writer *log = start_on_disk(&file, LINE_SIZE * 3 / 2, LOG_BLOCK);
        log_writer_append(log, text, TEXT_SIZE);
        await(&seen.pauses);
        if (is_room)
            disk.room = SIZE_MAX;
        ck_assert(log_writer_stop(log, PATIENCE_MS));
        ck_assert_uint_eq(log_writer_lost(log), is_room ? 0 : TEXT_SIZE / LINE_SIZE - 1);
        ck_assert(!log_writer_has_given_up(log));
        log_writer_free(log);
        fclose(file);
    }
}
END_TEST

/* A write that fails is tried again after a rest, and says so once. */
START_TEST(a_full_disk_is_not_tried_all_the_time)
{
    static char text[TEXT_SIZE + 1];
    struct pollfd nothing = {.fd = -1};
    FILE *file;

    fill(text);
    struct log_writer *log = start_on_disk(&file, 0, LOG_BLOCK);
    log_writer_append(log, text, TEXT_SIZE);
    await(&seen.pauses);
    poll(&nothing, 1, 2 * LOG_RETRY_MS); /* what is tried all the time is tried a million times */
    ck_assert_int_le(disk.attempts, 100);
    ck_assert_int_eq(seen.pauses, 1);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    log_writer_free(log);
    fclose(file);
}
END_TEST

static void expect_error(int error, bool is_for_good)
{
    static char line[] = "line\n";
    FILE *file;

    seen.pauses = seen.failures = 0;
    disk.error = error;
    struct log_writer *log = start_on_disk(&file, 0, LOG_BLOCK);
    log_writer_append(log, line, sizeof line - 1);
    await(is_for_good ? &seen.failures : &seen.pauses);
    ck_assert_int_eq(is_for_good ? seen.failed_with : seen.paused_with, error);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    ck_assert_uint_eq(log_writer_lost(log), 1);
    ck_assert_int_eq(seen.failures, is_for_good ? 1 : 0);
    log_writer_free(log);
    fclose(file);
}

START_TEST(what_may_pass_is_tried_again)
{
    static const int passing[] = {ENOSPC, EDQUOT, EFBIG, EIO, ENOMEM, ENOBUFS, EROFS, ETIMEDOUT};
    static const int lasting[] = {EPIPE, EBADF, EINVAL, EPERM, ECONNRESET, ENOTCONN};

    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        expect_error(passing[i], false);
    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++)
        expect_error(lasting[i], true);
}
END_TEST

/* An errno of an earlier call says nothing about a write that took no byte. */
START_TEST(a_write_that_takes_nothing_is_tried_again)
{
    FILE *file;

    disk.says_nothing = true;
    disk.error = EBADF;
    struct log_writer *log = start_on_disk(&file, 0, LOG_DROP);
    log_writer_append(log, "line\n", 5);
    pthread_mutex_lock(&seen.lock);
    while (seen.pauses == 0 && seen.failures == 0)
        pthread_cond_wait(&seen.changed, &seen.lock);
    ck_assert_int_eq(seen.failures, 0);
    ck_assert_int_eq(seen.paused_with, EIO);
    pthread_mutex_unlock(&seen.lock);
    disk.room = SIZE_MAX;
    await(&seen.resumes);
    ck_assert_int_eq(seen.failures, 0);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    log_writer_free(log);
    fclose(file);
}
END_TEST

/* Where messages go to the same pipe, none of them may come amid a line. */
START_TEST(lines_are_written_whole_where_messages_come_between)
{
    static char text[TEXT_SIZE + 1], got[TEXT_SIZE];
    struct log_writer *log;
    size_t size = 0;
    int ends[2];

    fill(text);
    memset(text + TEXT_SIZE / 2, 'x',
           PIPE_BUF * 3 / 2 / LINE_SIZE * LINE_SIZE - 1); /* a long one */
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(log_writer_shares(ends[1], ends[1]));
    ck_assert(!log_writer_shares(ends[1], STDERR_FILENO));
    disk.room = SIZE_MAX;
    disk.must_be_whole = true;
    disk.fd = ends[1];
    ck_assert_int_eq(log_writer_start(&log, ends[1], true, LOG_BLOCK, &events), 0);
    log_writer_append(log, text, TEXT_SIZE);
    while (size < TEXT_SIZE) {
        ssize_t more = read(ends[0], got + size, TEXT_SIZE - size);
        ck_assert_int_gt(more, 0);
        size += (size_t)more;
    }
    ck_assert_mem_eq(got, text, TEXT_SIZE);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    ck_assert_int_gt(disk.attempts, TEXT_SIZE / PIPE_BUF);
    ck_assert_int_eq(disk.torn, 0);
    log_writer_free(log);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_descriptor_that_does_not_block_gets_all,
        lines_that_were_written_before_it_failed_are_not_dropped,
        a_log_that_is_written_ends_in_no_time,
        threads_that_wait_for_the_reader_are_said,
        a_torn_line_is_completed_when_there_is_room_again,
        lines_without_room_are_lost_where_the_mark_is,
        a_full_disk_does_not_delay_the_end,
        a_full_disk_is_not_tried_all_the_time,
        what_may_pass_is_tried_again,
        a_write_that_takes_nothing_is_tried_again,
        lines_are_written_whole_where_messages_come_between,
    };
    return suite_run("log_writer", tests, sizeof tests / sizeof tests[0]);
}
