#define _GNU_SOURCE /* prlimit, unshare */
/* The command with standard outputs that fail, are full, closed, or not read. */
#include "command.h"
#include "dial.h"
#include "process.h"

#include <fcntl.h>
#include <lined.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Standard error is a full pipe that is not read. */
START_TEST(a_full_standard_error_stops_nothing)
{
    char path[64];

    process_serve(&server, -1, ARGUMENTS("-q"));
    snprintf(path, sizeof path, "/proc/%d/fd/2", (int)server.pid);
    int standard_error = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(standard_error, 0);
    while (write(standard_error, text, 1) == 1)
        continue;
    close(standard_error);
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0); /* it would say that it drains a connection */
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

START_TEST(a_full_standard_output_does_not_stop_serving)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(full, 0);
    process_serve(&server, full, NO_ARGUMENTS);
    close(full);
    answer_one("one\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: standard output: No space left on device; the packet log is "
                           "tried again every 0.5 seconds, lined continues to serve");
    for (int i = 0; i < 100; i++)
        answer_one("more\n");
    kill(server.pid, SIGTERM);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "No space")); /* said once */
    ck_assert_ptr_nonnull(
        strstr(text, "lined: writing to standard output has failed; the packet log lacks "
                     "202 lines\n")); /* the ends too */
    ck_assert_ptr_nonnull(strstr(text, "lined: served 101 connections"));
    ck_assert_int_eq(process_wait(&server), 3);
}
END_TEST

/* The kernel sends SIGXFSZ there, as it sends SIGPIPE for a pipe. */
START_TEST(a_file_at_its_limit_does_not_stop_serving)
{
    const struct rlimit limit = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    process_serve(&server, fileno(file), NO_ARGUMENTS);
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_FSIZE, &limit, NULL), 0);
    answer_one("one\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: standard output: File too large; the packet log is tried "
                           "again every 0.5 seconds, lined continues to serve");
    answer_one("two\n");
    end_by(SIGTERM, 3);
    fclose(file);
}
END_TEST

/* A disk of 16 pages, which is this test's alone, in an empty folder. False: this system allows
 * none. */
static bool mount_disk(const char *folder)
{
    char size[32];

    snprintf(size, sizeof size, "size=%ld", 16 * sysconf(_SC_PAGESIZE));
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", folder, "tmpfs", 0, size) == 0;
}

static void fill_disk(int fd)
{
    static const char zeros[1024];

    while (write(fd, zeros, sizeof zeros) > 0)
        continue;
}

/* The line that was torn is completed, and none is missing. */
static void expect_whole_log(int fd, int lines)
{
    char expected[64];
    FILE *log = fdopen(fd, "r");

    ck_assert_ptr_nonnull(log);
    rewind(log);
    for (int i = 0; i < lines; i++) {
        snprintf(expected, sizeof expected, "Incoming packet: \"line %d\\n\"\n", i);
        ck_assert_ptr_nonnull(fgets(text, sizeof text, log));
        ck_assert_str_eq(text, expected);
    }
    ck_assert_ptr_nonnull(fgets(text, sizeof text, log));
    ck_assert_str_eq(text, "Client disconnected\n");
    ck_assert_ptr_null(fgets(text, sizeof text, log));
    fclose(log);
}

START_TEST(a_disk_that_was_full_has_the_whole_log)
{
    char folder[] = "/tmp/lined-disk-XXXXXX";
    char file[64];
    struct pollfd said;
    int lines = 0;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    if (!mount_disk(folder)) {
        rmdir(folder);
        printf("skipped: this needs a mount namespace\n");
        return;
    }
    snprintf(file, sizeof file, "%s/log", folder);
    int log = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    snprintf(file, sizeof file, "%s/other", folder);
    int other = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert(log >= 0 && other >= 0);
    fill_disk(other);
    off_t page = (off_t)sysconf(_SC_PAGESIZE);
    ck_assert_int_eq(ftruncate(other, lseek(other, 0, SEEK_END) - page), 0);
    process_serve(&server, log, NO_ARGUMENTS);
    said = (struct pollfd){.fd = server.err.fd, .events = POLLIN};
    int client = dial(server.port);
    while (poll(&said, 1, 0) == 0) {
        char line[32];
        char reply[64];
        snprintf(line, sizeof line, "line %d\n", lines++);
        snprintf(reply, sizeof reply, "Received: %s\n", line);
        say(client, line);
        expect(client, reply);
    }
    ck_assert_int_eq(lseek(log, 0, SEEK_END), page); /* which tears a line */
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "No space left on device"));
    ck_assert_int_eq(ftruncate(other, 0), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: writing to standard output succeeds again after ", 55) == 0,
                  "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "; log lines lost: 0"));
    hang_up(client);
    end_by(SIGTERM, 0);
    expect_whole_log(log, lines);
    close(other);
    ck_assert_int_eq(umount(folder), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_closed_pipe_does_not_stop_serving)
{
    serve();
    close(server.out.fd);
    server.out.fd = -1;
    answer_one("one\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: standard output: Broken pipe", 35) == 0, "%s", text);
    answer_one("two\n");
    end_by(SIGTERM, 3);
}
END_TEST

/* A mount namespace of its own, with nothing in /dev. False: this system does not allow it. */
static bool empty_dev(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/dev", "tmpfs", 0, NULL) == 0;
}

/* lined started by a shell with descriptors closed. Its port is in a file of standard error. */
static void expect_no_sockets_for_closed_descriptors(void)
{
    int ends[2];
    struct process shell = {.out.fd = -1};

    ck_assert_int_eq(pipe(ends), 0);
    shell.pid = fork();
    ck_assert_int_ge(shell.pid, 0);
    if (shell.pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        execl(LINED_COMMAND, "lined", "--port=0", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    shell.err.fd = ends[0];
    server = shell;
    process_line(&server.err, text, sizeof text);
    server.port = (uint16_t)strtoul(strrchr(text, ':') + 1, NULL, 10);
    process_line(&server.err, text, sizeof text); /* the sandbox */
    process_line(&server.err, text, sizeof text); /* how many connections it takes */
    answer_one("hello\n");                        /* no log line may come to the client */
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: standard output: Bad file descriptor", 43) == 0, "%s",
                  text);
    answer_one("again\n");
    end_by(SIGTERM, 3);
}

START_TEST(closed_standard_descriptors_do_not_become_sockets)
{
    expect_no_sockets_for_closed_descriptors();
}
END_TEST

START_TEST(closed_standard_descriptors_need_no_devices)
{
    if (!empty_dev()) {
        printf("skipped: this needs a mount namespace\n");
        return;
    }
    expect_no_sockets_for_closed_descriptors();
}
END_TEST

/* No program reads the log: the log is full, and so the client waits. */
static int serve_with_a_stuck_log(const char *drain_timeout, int ends[2])
{
    static char lines[64 * 1024];
    size_t said = 0;

    memset(lines, '\n', sizeof lines);
    ck_assert_int_eq(pipe(ends), 0);
    process_serve(&server, ends[1], ARGUMENTS(drain_timeout));
    close(ends[1]);
    int client = dial(server.port);
    ck_assert_int_eq(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    struct pollfd ready = {.fd = client, .events = POLLIN | POLLOUT};
    while (poll(&ready, 1, 300) == 1) {
        if (ready.revents & POLLOUT) {
            ssize_t n = send(client, lines, sizeof lines, MSG_NOSIGNAL);
            said += n > 0 ? (size_t)n : 0;
        }
        if (ready.revents & POLLIN)
            ck_assert_int_gt(recv(client, text, sizeof text, 0), 0);
    }
    ck_assert_uint_gt(said, 0);
    return client;
}

static void expect_stall(void)
{
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text,
                     "lined: standard output is read too slowly: clients have waited one second "
                     "for the packet log; --log-overflow drop leaves log lines out instead");
}

/* That clients wait for the log's reader is said, and how long it has taken. */
START_TEST(a_stuck_standard_output_is_said)
{
    int ends[2];
    int client = serve_with_a_stuck_log("--drain-timeout=5", ends);
    struct pollfd ready[] = {{.fd = server.err.fd, .events = POLLIN},
                             {.fd = ends[0], .events = POLLIN}};
    unsigned seconds;
    unsigned tenths;

    expect_stall();
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    do { /* it is read until that is said */
        ck_assert_int_gt(poll(ready, 2, 30000), 0);
        ck_assert_int_ne(read(ends[0], text, sizeof text), 0);
    } while (ready[0].revents == 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(sscanf(text,
                            "lined: standard output is read again: clients have waited %u.%u "
                            "seconds for the packet log",
                            &seconds, &tenths),
                     2);
    ck_assert_uint_ge(seconds, 1);
    close(ends[0]);
    hang_up(client);
    end_by(SIGTERM, 3); /* the log has no reader any more */
}
END_TEST

START_TEST(a_stuck_standard_output_does_not_stop_a_stop)
{
    int ends[2];
    int client = serve_with_a_stuck_log("--drain-timeout=0.1", ends);

    end_by(SIGTERM, 3);
    hang_up(client);
    close(ends[0]);
}
END_TEST

START_TEST(a_second_signal_cuts_a_stuck_log_too)
{
    int ends[2];
    int client = serve_with_a_stuck_log("--drain-timeout=1000", ends);

    expect_stall();
    ck_assert_int_eq(kill(server.pid, SIGINT), 0);
    process_line(&server.err, text, sizeof text); /* it drains */
    cut_by(SIGINT);
    end_by(SIGINT, 3);
    hang_up(client);
    close(ends[0]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_full_standard_error_stops_nothing,
        a_full_standard_output_does_not_stop_serving,
        a_file_at_its_limit_does_not_stop_serving,
        a_disk_that_was_full_has_the_whole_log,
        a_closed_pipe_does_not_stop_serving,
        closed_standard_descriptors_do_not_become_sockets,
        closed_standard_descriptors_need_no_devices,
        a_stuck_standard_output_is_said,
        a_stuck_standard_output_does_not_stop_a_stop,
        a_second_signal_cuts_a_stuck_log_too,
    };
    return command_run("command_outputs", tests, sizeof tests / sizeof tests[0]);
}
