#define _GNU_SOURCE /* prlimit */
/* The packet log of the command when it is not read, or cannot be written: serving and stopping go
 * on, and lines that are not logged are counted. */
#include "ask.h"
#include "dial.h"
#include "process.h"
#include "suite.h"

#include "../src/base/monotonic.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct process server;
static char text[ASK_TEXT_SIZE];

/* More than the pipe, the log's two buffers and the connection's chunk hold. */
enum { LINES = 100000, LINE_SIZE = 9, REPLY_SIZE = 20 };

/* Whether the descriptors are handed to lined or kept here, they are not inherited otherwise. */
static void serve_into_a_pipe(int ends[2], const char *const arguments[])
{
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(fcntl(ends[0], F_SETFD, FD_CLOEXEC), 0);
    ck_assert_int_ge(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
    process_serve(&server, ends[1], arguments);
    close(ends[1]);
}

struct talk {
    pthread_t thread;
    int client;
};

static void *say_lines(void *argument)
{
    const struct talk *talk = argument;
    char *lines = malloc((size_t)LINES * LINE_SIZE + 1);

    ck_assert_ptr_nonnull(lines);
    for (int i = 0; i < LINES; i++)
        sprintf(lines + (size_t)i * LINE_SIZE, "%08d\n", i);
    say_what_it_takes(talk->client, lines, (size_t)LINES * LINE_SIZE);
    free(lines);
    return NULL;
}

static void begin_talk(struct talk *talk)
{
    talk->client = dial(server.port);
    ck_assert_int_eq(pthread_create(&talk->thread, NULL, say_lines, talk), 0);
}

static void expect_replies(int client)
{
    char reply[REPLY_SIZE + 1];

    for (int i = 0; i < LINES; i++) {
        snprintf(reply, sizeof reply, "Received: %08d\n\n", i);
        expect(client, reply);
    }
}

static void end_talk(struct talk *talk)
{
    ck_assert_int_eq(pthread_join(talk->thread, NULL), 0);
    hang_up(talk->client);
}

/* Reads the log to its end. Returns how many log lines it has; *missing is what its marks say. No
 * line may be torn, and none out of order. */
static long read_log(int fd, long *missing)
{
    FILE *log = fdopen(fd, "r");
    char line[256];
    long lines = 0;
    long next = 0;

    ck_assert_ptr_nonnull(log);
    *missing = 0;
    while (fgets(line, sizeof line, log) != NULL) {
        long number;
        int end = 0;
        if (sscanf(line, "Incoming packet: \"%ld\\n\"\n%n", &number, &end) == 1 && end > 0) {
            ck_assert_int_eq(number, next);
            next = number + 1;
        } else if (sscanf(line, "Lines dropped: %ld\n", &number) == 1) {
            ck_assert_int_gt(number, 0);
            *missing += number;
            next += number; /* the mark is where they are missing */
            continue;
        } else {
            ck_assert_str_eq(line, "Client disconnected\n");
        }
        lines++;
    }
    fclose(log);
    return lines;
}

struct reading {
    pthread_t thread;
    int fd;
    long lines;
    long missing;
};

static void *read_on(void *argument)
{
    struct reading *reading = argument;

    reading->lines = read_log(reading->fd, &reading->missing);
    return NULL;
}

/* The log is not read until all is served: every reply comes. Then the log has the lines for which
 * there was room, and says how many are missing, and where. */
START_TEST(drop_serves_on_and_counts)
{
    struct talk talk;
    int ends[2];

    serve_into_a_pipe(ends, ARGUMENTS("--log-overflow=drop"));
    begin_talk(&talk);
    expect_replies(talk.client);
    end_talk(&talk);
    struct reading reading = {.fd = ends[0]};
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: packet log: a line is dropped, because standard output is read "
                           "too slowly");
    ck_assert_int_eq(pthread_create(&reading.thread, NULL, read_on, &reading), 0);
    json_t *final = ask_at_the_end(&server, 0, text);
    ck_assert_int_eq(pthread_join(reading.thread, NULL), 0);
    ck_assert_int_gt(reading.missing, 0);
    ck_assert_int_eq(figure(final, "lines"), LINES);
    ck_assert_int_eq(figure(final, "log_dropped"), reading.missing);
    ck_assert_int_eq(reading.lines + reading.missing, LINES + 1); /* the disconnect */
    ck_assert_ptr_nonnull(strstr(text, "lined: packet log: "));
    ck_assert_ptr_nonnull(strstr(text, " more in the last second\n"));
    json_decref(final);
}
END_TEST

/* The log is never read: the drain still ends in time, and says that the end of the log is lost. */
START_TEST(drop_drains_although_the_log_is_not_read)
{
    struct talk talk;
    int ends[2];
    int size = 0;

    serve_into_a_pipe(ends, ARGUMENTS("--log-overflow=drop", "--drain-timeout=1"));
    begin_talk(&talk);
    expect_replies(talk.client);
    int64_t began = monotonic_ms();
    json_t *final = ask_at_the_end(&server, 3, text);
    ck_assert_int_lt(monotonic_ms() - began, 3000); /* the pipe would take for ever */
    end_talk(&talk);
    ck_assert_ptr_nonnull(strstr(text, "the packet log lacks its last "));
    ck_assert_int_eq(figure(final, "lines"), LINES);
    ck_assert_int_eq(figure(final, "connections_cut"), 0);
    /* What is in the pipe is in the log; a piece that was in flight counts as dropped. */
    while (read(ends[0], text, 1) == 1)
        size += text[0] == '\n';
    close(ends[0]);
    ck_assert_int_gt(size, 0);
    ck_assert_int_ge(figure(final, "log_dropped") + size, LINES);
    ck_assert_int_le(figure(final, "log_dropped"), LINES + 1);
    json_decref(final);
}
END_TEST

/* A connection that waits for the log is let go before the deadline: its client has every reply. */
START_TEST(block_answers_before_the_deadline)
{
    struct talk talk;
    int ends[2];

    serve_into_a_pipe(ends, ARGUMENTS("--log-overflow=block", "--drain-timeout=2"));
    begin_talk(&talk);
    process_line(&server.err, text, sizeof text); /* that clients wait */
    json_t *now = ask(&server);
    json_int_t lines = figure(now, "lines");
    json_decref(now);
    ck_assert_int_lt(lines, LINES);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    int64_t began = monotonic_ms();
    size_t replies = drink(talk.client);
    json_t *final = ask_at_the_end(&server, 3, text);
    ck_assert_int_lt(monotonic_ms() - began, 4000);
    end_talk(&talk);
    close(ends[0]);
    ck_assert_int_eq(figure(final, "connections_cut"), 0);
    ck_assert_int_gt(figure(final, "lines"), lines);
    ck_assert_uint_eq(replies, (size_t)figure(final, "lines") * REPLY_SIZE);
    ck_assert_int_gt(figure(final, "log_dropped"), 0);
    ck_assert_ptr_nonnull(strstr(text, "the packet log lacks its last "));
    json_decref(final);
}
END_TEST

/* Standard output fails: all that is not in it is counted. */
static void expect_all_dropped(int fd, const char *overflow)
{
    struct talk talk;

    process_serve(&server, fd, ARGUMENTS("--log-overflow", overflow));
    close(fd);
    begin_talk(&talk);
    expect_replies(talk.client);
    end_talk(&talk);
    json_t *final = ask_at_the_end(&server, 3, text);
    ck_assert_ptr_nonnull(strstr(text, "lined: standard output: "));
    ck_assert_int_eq(figure(final, "log_dropped"), LINES + 1); /* the disconnect */
    json_decref(final);
}

START_TEST(a_full_disk_is_counted)
{
    expect_all_dropped(open("/dev/full", O_WRONLY | O_CLOEXEC), "block");
    expect_all_dropped(open("/dev/full", O_WRONLY | O_CLOEXEC), "drop");
}
END_TEST

/* Standard output is a file that may not become longer, and then may: the log goes on, and says how
 * many lines are missing, and where. The clients do not wait. */
static void expect_a_gap(const char *overflow)
{
    struct rlimit limit = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};
    FILE *file = tmpfile();
    struct talk talk;
    char expected[128];
    long lost = -1;
    long missing;

    ck_assert_ptr_nonnull(file);
    process_serve(&server, fileno(file), ARGUMENTS("--log-overflow", overflow));
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_FSIZE, &limit, NULL), 0);
    hang_up(dial(server.port)); /* that it disconnects is logged, as far as there is room */
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: standard output: File too large; the packet log is tried again "
                           "every 0.5 seconds, lined continues to serve");
    begin_talk(&talk);
    expect_replies(talk.client);
    end_talk(&talk);
    limit.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_FSIZE, &limit, NULL), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(sscanf(text,
                            "lined: writing to standard output succeeds again after %*d.%*d "
                            "seconds; log lines lost: %ld",
                            &lost),
                     1);
    ck_assert_int_gt(lost, 0);
    json_t *final = ask_at_the_end(&server, 3, text);
    ck_assert_int_eq(figure(final, "log_dropped"), lost);
    json_decref(final);
    snprintf(expected, sizeof expected, "the packet log lacks %ld lines\n", lost);
    ck_assert_ptr_nonnull(strstr(text, expected));
    int fd = dup(fileno(file));
    fclose(file);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    ck_assert_int_eq(read_log(fd, &missing) + lost, LINES + 2); /* the disconnects */
    ck_assert_int_eq(missing, lost);
}

START_TEST(a_full_disk_that_gets_room_again_gets_the_log_again)
{
    expect_a_gap("block");
    expect_a_gap("drop");
}
END_TEST

static int closed_pipe(void)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_ge(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
    close(ends[0]);
    return ends[1];
}

START_TEST(a_closed_pipe_is_counted)
{
    expect_all_dropped(closed_pipe(), "block");
    expect_all_dropped(closed_pipe(), "drop");
}
END_TEST

START_TEST(a_descriptor_that_cannot_be_written_is_counted)
{
    expect_all_dropped(open("/dev/null", O_RDONLY | O_CLOEXEC), "block");
    expect_all_dropped(open("/dev/null", O_RDONLY | O_CLOEXEC), "drop");
}
END_TEST

/* A log that is read loses nothing in either way. */
START_TEST(a_log_that_is_read_drops_nothing)
{
    struct talk talk;
    int ends[2];

    serve_into_a_pipe(ends, ARGUMENTS("--log-overflow=block"));
    struct reading reading = {.fd = ends[0]};
    ck_assert_int_eq(pthread_create(&reading.thread, NULL, read_on, &reading), 0);
    begin_talk(&talk);
    expect_replies(talk.client);
    end_talk(&talk);
    json_t *final = ask_at_the_end(&server, 0, text);
    ck_assert_int_eq(pthread_join(reading.thread, NULL), 0);
    ck_assert_int_eq(reading.lines, LINES + 1);
    ck_assert_int_eq(reading.missing, 0);
    ck_assert_int_eq(figure(final, "log_dropped"), 0);
    json_decref(final);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        drop_serves_on_and_counts,
        drop_drains_although_the_log_is_not_read,
        block_answers_before_the_deadline,
        a_full_disk_is_counted,
        a_full_disk_that_gets_room_again_gets_the_log_again,
        a_closed_pipe_is_counted,
        a_descriptor_that_cannot_be_written_is_counted,
        a_log_that_is_read_drops_nothing,
    };
    return suite_run("log_overflow", tests, sizeof tests / sizeof tests[0]);
}
