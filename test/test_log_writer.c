#define _GNU_SOURCE /* F_SETPIPE_SZ */
/* The writer of the packet log alone, on a descriptor of the test's. */
#include "../src/cmd/log_writer.h"

#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_SIZE = 64000, LINE_SIZE = 64, PATIENCE_MS = 60000 };

static int failed_with;

static void failed(int error)
{
    failed_with = error;
}

static void dropped(uint64_t lines)
{
    (void)lines;
}

static const struct log_events events = {.failed = failed, .dropped = dropped};

/* Lines that differ, so that what is written twice or out of order shows. */
static void fill(char *text)
{
    for (int at = 0; at < TEXT_SIZE; at += LINE_SIZE)
        snprintf(text + at, LINE_SIZE + 1, "%0*d\n", LINE_SIZE - 1, at);
}

/* Whoever has the same terminal or pipe may have made it non-blocking (open(2)); it is shared, so
 * it stays so. The pipe takes a sixteenth at a time. */
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
    ck_assert_int_eq(log_writer_start(&log, ends[1], LOG_BLOCK, &events), 0);
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
    ck_assert_int_eq(log_writer_start(&log, ends[1], LOG_BLOCK, &events), 0);
    log_writer_append(log, text, TEXT_SIZE);
    ck_assert_int_eq(read(ends[0], got, sizeof got), sizeof got);
    close(ends[0]);
    ck_assert(log_writer_stop(log, PATIENCE_MS));
    ck_assert_int_eq(failed_with, EPIPE);
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
        ck_assert_int_eq(log_writer_start(&log, null, LOG_BLOCK, &events), 0);
        log_writer_hurry(log, 0);
        ck_assert(log_writer_stop(log, 0));
        ck_assert_uint_eq(log_writer_lost(log), 0);
        log_writer_free(log);
    }
    close(null);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_descriptor_that_does_not_block_gets_all,
        lines_that_were_written_before_it_failed_are_not_dropped,
        a_log_that_is_written_ends_in_no_time,
    };
    return suite_run("log_writer", tests, sizeof tests / sizeof tests[0]);
}
