/* --drain-delay and --drain. */
#include "command.h"
#include "dial.h"

#include <signal.h>
#include <string.h>

static void expect_message(const char *expected)
{
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, expected);
}

static int talk(void)
{
    int client = dial(server.port);

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    return client;
}

/* New clients are served during the delay. */
START_TEST(a_delay_goes_before_the_drain)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--drain-delay=0.5"));
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    expect_message("lined: the drain begins in 0.5 seconds; a second SIGINT or SIGTERM cuts at "
                   "once");
    int client = talk();
    expect_message("lined: draining 1 connection; a second SIGINT or SIGTERM cuts at once");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

START_TEST(a_second_signal_cuts_during_the_delay)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--drain-delay=1000"));
    int client = talk();
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_line(&server.err, text, sizeof text);
    cut_by(SIGTERM);
    expect_message("lined: cutting 1 connection");
    process_rest(&server.err, text, sizeof text);
    ck_assert_int_eq(process_wait(&server), 3);
    hang_up(client);
}
END_TEST

START_TEST(a_drain_can_wait)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--drain=wait", "--drain-timeout=1000"));
    int client = talk();
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    expect_message("lined: draining 1 connection; a second SIGINT or SIGTERM cuts at once");
    say(client, "again\n");
    expect(client, "Received: again\n\n");
    half_close(client);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

START_TEST(a_drain_that_waits_ends_with_its_timeout)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--drain=wait", "--drain-timeout=0.2"));
    int client = talk();
    end_by(SIGTERM, 3);
    ck_assert_ptr_nonnull(strstr(text, "lined: cutting 1 connection\n"));
    hang_up(client);
}
END_TEST

START_TEST(a_second_signal_cuts_a_drain_that_waits)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--drain=wait", "--drain-timeout=1000"));
    int client = talk();
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_line(&server.err, text, sizeof text);
    cut_by(SIGTERM);
    expect_message("lined: cutting 1 connection");
    process_rest(&server.err, text, sizeof text);
    ck_assert_int_eq(process_wait(&server), 3);
    hang_up(client);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_delay_goes_before_the_drain,
        a_second_signal_cuts_during_the_delay,
        a_drain_can_wait,
        a_drain_that_waits_ends_with_its_timeout,
        a_second_signal_cuts_a_drain_that_waits,
    };
    return command_run("command_ending", tests, sizeof tests / sizeof tests[0]);
}
