#define _GNU_SOURCE /* pwritev2, ptsname */
/* Saying something never waits. */
#include "../src/command/message.h"

#include "suite.h"
#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

static unsigned polls;

/* As if another thread, or the packet log, had filled the pipe right after. */
int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *polled, nfds_t count, int timeout)
{
    (void)timeout;
    polls++;
    for (nfds_t i = 0; i < count; i++)
        polled[i].revents = POLLOUT;
    return (int)count;
}

static size_t taken_of_a_line; /* 0: all of it */

/* As if a connection had room for so much. */
ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    return __real_send(fd, bytes, taken_of_a_line == 0 ? size : taken_of_a_line, flags);
}

/* Makes standard error a pipe; returns the end to read from. */
static int replace_standard_error(void)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

/* Until it takes no byte more, and blocking again. */
static void fill_standard_error(void)
{
    static const char bytes[4096];
    int flags = fcntl(STDERR_FILENO, F_GETFL);

    ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK), 0);
    while (write(STDERR_FILENO, bytes, sizeof bytes) > 0)
        continue;
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, flags), 0);
}

START_TEST(a_pipe_that_others_have_filled_does_not_block)
{
    int reader = replace_standard_error();

    message_init();
    fill_standard_error();
    message(MESSAGE_INFO, "not heard");
    ck_assert_uint_gt(polls, 0);
    close(reader);
}
END_TEST

/* Makes standard error a connected socket of the unix domain, as journald's; returns the other end.
 */
static int make_it_a_socket(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

START_TEST(a_socket_that_others_have_filled_does_not_block)
{
    int reader = make_it_a_socket();

    message_init();
    fill_standard_error();
    message(MESSAGE_INFO, "not heard");
    close(reader);
    message(MESSAGE_INFO, "nor this, and no signal comes");
}
END_TEST

/* However much the packet log has put into it before. */
START_TEST(a_socket_gets_whole_lines)
{
    static const char before[100 * 1024];
    char text[64];
    int reader = make_it_a_socket();

    message_init();
    ck_assert_int_eq(write(STDERR_FILENO, before, sizeof before), sizeof before);
    message(MESSAGE_INFO, "%d and %d", 1, 2);
    for (size_t left = sizeof before; left > 0;) {
        static char bytes[sizeof before];
        ssize_t size = read(reader, bytes, left);
        ck_assert_int_gt(size, 0);
        left -= (size_t)size;
    }
    ssize_t size = read(reader, text, sizeof text);
    ck_assert_int_gt(size, 0);
    ck_assert_mem_eq(text, "lined: 1 and 2\n", (size_t)size);
    close(reader);
}
END_TEST

START_TEST(after_a_torn_line_a_new_one_begins)
{
    static const char expected[] = "lined: torn\nlined: whole\nlined: and\n";
    char text[sizeof expected];
    int reader = make_it_a_socket();

    message_init();
    taken_of_a_line = strlen("lined: torn");
    message(MESSAGE_INFO, "torn here");
    taken_of_a_line = 0;
    message(MESSAGE_INFO, "whole");
    message(MESSAGE_INFO, "and");
    for (size_t size = 0; size < sizeof expected - 1;) {
        ssize_t more = read(reader, text + size, sizeof expected - 1 - size);
        ck_assert_int_gt(more, 0);
        size += (size_t)more;
    }
    ck_assert_mem_eq(text, expected, sizeof expected - 1);
    close(reader);
}
END_TEST

/* Ctrl-S stops it: writing to it waits for Ctrl-Q. */
START_TEST(a_stopped_terminal_does_not_block)
{
    int master = terminal_open();
    if (master < 0)
        return;
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert_int_eq(dup2(terminal, STDERR_FILENO), STDERR_FILENO);
    message_init();
    message(MESSAGE_INFO, "heard");
    ck_assert_int_eq(tcflow(terminal, TCOOFF), 0);
    message(MESSAGE_INFO, "not heard");
    ck_assert_int_eq(tcflow(terminal, TCOON), 0);
    message(MESSAGE_INFO, "heard again");
    static const char expected[] = "lined: heard\r\nlined: heard again\r\n";
    char text[sizeof expected];
    for (size_t size = 0; size < sizeof expected - 1;) {
        ssize_t more = read(master, text + size, sizeof expected - 1 - size);
        ck_assert_int_gt(more, 0);
        size += (size_t)more;
    }
    ck_assert_mem_eq(text, expected, sizeof expected - 1);
}
END_TEST

/* Whether this kernel can write to a pipe without a wait, by whatever descriptor. */
static bool can_write_now(void)
{
    char byte[] = "x";
    struct iovec part = {byte, 1};
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    bool can = pwritev2(ends[1], &part, 1, -1, RWF_NOWAIT) == 1;
    close(ends[0]);
    close(ends[1]);
    return can;
}

/* One that cannot be opened anew: its owner was root, as with sudo -u. */
START_TEST(a_full_pipe_of_another_user_does_not_block)
{
    int reader = replace_standard_error();

    if (!can_write_now() || geteuid() != 0) {
        printf("skipped: this needs root, and Linux 6.4\n");
        return;
    }
    ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    ck_assert_int_lt(open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK), 0);
    message_init();
    message(MESSAGE_INFO, "heard");
    fill_standard_error();
    message(MESSAGE_INFO, "not heard");
    char text[13];
    ck_assert_int_eq(read(reader, text, sizeof text), sizeof text);
    ck_assert_mem_eq(text, "lined: heard\n", sizeof text);
    close(reader);
}
END_TEST

START_TEST(a_pipe_gets_whole_lines)
{
    static const char expected[] = "lined: 1 and 2\n{}\n";
    char json[] = "{}";
    char text[sizeof expected + 1];
    int reader = replace_standard_error();

    message_init();
    message(MESSAGE_INFO, "%d and %d", 1, 2);
    message_plain(MESSAGE_INFO, json);
    ck_assert_int_eq(read(reader, text, sizeof text), sizeof expected - 1);
    ck_assert_mem_eq(text, expected, sizeof expected - 1);
    /* A process that shares standard error with lined finds it as it was. */
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
    close(reader);
}
END_TEST

/* As systemd does, for what it has connected to the journal. */
static void name_stream(const char *format)
{
    struct stat status;
    char stream[64];

    ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
    snprintf(stream, sizeof stream, format, (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
}

static void expect_read(int reader, const char *expected)
{
    char text[256];

    ck_assert_int_eq(read(reader, text, sizeof text), strlen(expected));
    ck_assert_mem_eq(text, expected, strlen(expected));
}

START_TEST(the_journal_is_told_the_level)
{
    int reader = make_it_a_socket();
    char json[] = "{}";

    name_stream("%ju:%ju");
    message_init();
    message(MESSAGE_ERROR, "bad");
    expect_read(reader, "<3>lined: bad\n");
    message(MESSAGE_WARNING, "odd");
    expect_read(reader, "<4>lined: odd\n");
    message(MESSAGE_INFO, "so");
    expect_read(reader, "<6>lined: so\n");
    message_plain(MESSAGE_INFO, json);
    expect_read(reader, "<6>{}\n");
    close(reader);
}
END_TEST

/* The variable is inherited, also where standard error is another one. */
START_TEST(nothing_else_is_told_the_level)
{
    static const char *const others[] = {"%ju:1%ju", "1%ju:%ju", "%ju:%ju ", "", "x"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        int reader = make_it_a_socket();
        name_stream(others[i]);
        message_init();
        message(MESSAGE_ERROR, "bad");
        expect_read(reader, "lined: bad\n");
        close(reader);
    }
}
END_TEST

START_TEST(no_control_character_is_said)
{
    static const char expected[] = "lined: a?b?[31m?\n";
    char text[sizeof expected + 1];
    int reader = replace_standard_error();

    message_init();
    message(MESSAGE_INFO, "%s", "a\nb\x1b[31m\x7f");
    ck_assert_int_eq(read(reader, text, sizeof text), sizeof expected - 1);
    ck_assert_mem_eq(text, expected, sizeof expected - 1);
    close(reader);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_pipe_that_others_have_filled_does_not_block,
        a_socket_that_others_have_filled_does_not_block,
        a_socket_gets_whole_lines,
        after_a_torn_line_a_new_one_begins,
        a_stopped_terminal_does_not_block,
        a_full_pipe_of_another_user_does_not_block,
        a_pipe_gets_whole_lines,
        the_journal_is_told_the_level,
        nothing_else_is_told_the_level,
        no_control_character_is_said,
    };
    return suite_run("say", tests, sizeof tests / sizeof tests[0]);
}
