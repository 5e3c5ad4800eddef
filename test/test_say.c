/* Saying something never waits. */
#include "../src/cmd/say.h"

#include "suite.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
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

START_TEST(a_pipe_that_others_have_filled_holds_nobody_up)
{
    int reader = replace_standard_error();

    say_init();
    fill_standard_error();
    say("not heard");
    ck_assert_uint_gt(polls, 0);
    close(reader);
}
END_TEST

START_TEST(a_pipe_gets_whole_lines)
{
    static const char expected[] = "lined: 1 and 2\n{}\n";
    char json[] = "{}";
    char text[sizeof expected + 1];
    int reader = replace_standard_error();

    say_init();
    say("%d and %d", 1, 2);
    say_plain(json);
    ck_assert_int_eq(read(reader, text, sizeof text), sizeof expected - 1);
    ck_assert_mem_eq(text, expected, sizeof expected - 1);
    /* Who shares standard error with lined finds it as it was. */
    ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
    close(reader);
}
END_TEST

START_TEST(no_control_character_is_said)
{
    static const char expected[] = "lined: a?b?[31m?\n";
    char text[sizeof expected + 1];
    int reader = replace_standard_error();

    say_init();
    say("%s", "a\nb\x1b[31m\x7f");
    ck_assert_int_eq(read(reader, text, sizeof text), sizeof expected - 1);
    ck_assert_mem_eq(text, expected, sizeof expected - 1);
    close(reader);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_pipe_that_others_have_filled_holds_nobody_up,
        a_pipe_gets_whole_lines,
        no_control_character_is_said,
    };
    return suite_run("say", tests, sizeof tests / sizeof tests[0]);
}
