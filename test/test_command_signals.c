#define _GNU_SOURCE /* ptsname */
/* The signals of the command: drain, cut, statistics. */
#include "command.h"
#include "dial.h"
#include "process.h"
#include "terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(each_signal_drains)
{
    serve();
    int client = dial(server.port);
    say(client, "hello\nunfinished");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(kill(server.pid, SIGINT), 0);
    expect_eof(client);
    hang_up(client);
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: draining 1 connection; a second SIGINT or SIGTERM cuts at once");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: served 1 connections, 1 lines, 16 bytes in, 17 bytes out, "
                           "10 unfinished bytes dropped");
    ck_assert_int_eq(process_wait(&server), 0);
    serve();
    end_by(SIGTERM, 0);
}
END_TEST

/* From now on lined is started at a terminal. Returns the other side of it; -1: there is none, and
 * the test must return. */
static int open_terminal(void)
{
    int other = terminal_open();

    if (other >= 0)
        process_terminal = ptsname(other);
    return other;
}

START_TEST(a_terminal_that_closes_drains)
{
    int other = open_terminal();
    if (other < 0)
        return;

    serve();
    answer_one("hello\n");
    close(other); /* the kernel sends SIGHUP to the leader of the session */
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "lined: served 1 connections"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* As a service has it: SIGHUP is no reason to end. */
START_TEST(without_a_terminal_a_hangup_does_not_drain)
{
    process_terminal = "/dev/null"; /* a session without a terminal */
    serve();
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "SIGHUP: there is no --config or --log-file"));
    answer_one("still here\n");
    end_by(SIGTERM, 0);
}
END_TEST

/* It still serves after the signal, which was ignored when it started. SIGUSR1 is taken after it,
 * for its number is higher. */
static void expect_ignored(int ignored, int end)
{
    ck_assert(signal(ignored, SIG_IGN) != SIG_ERR);
    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(kill(server.pid, ignored), 0);
    ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(text[0], '{');
    answer_one("still here\n");
    end_by(end, 0);
    ck_assert(signal(ignored, SIG_DFL) != SIG_ERR);
}

/* As nohup(1) has it, and a shell for what a script starts with &. */
START_TEST(what_is_ignored_at_the_start_stays_ignored)
{
    expect_ignored(SIGHUP, SIGTERM);
    expect_ignored(SIGINT, SIGTERM);
    expect_ignored(SIGTERM, SIGINT);
}
END_TEST

/* The line about the drain promises nothing of a signal that is ignored. */
static void expect_promise(int ignored, int first, const char *promise)
{
    ck_assert(signal(ignored, SIG_IGN) != SIG_ERR);
    process_serve(&server, -1, ARGUMENTS("-q"));
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(kill(server.pid, first), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, promise);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
    ck_assert(signal(ignored, SIG_DFL) != SIG_ERR);
}

START_TEST(the_drain_message_names_only_handled_signals)
{
    expect_promise(SIGINT, SIGTERM, "lined: draining 1 connection; a second SIGTERM cuts at once");
    expect_promise(SIGTERM, SIGINT, "lined: draining 1 connection; a second SIGINT cuts at once");
    int other = open_terminal();
    if (other < 0)
        return;
    ck_assert(signal(SIGINT, SIG_IGN) != SIG_ERR);
    expect_promise(SIGTERM, SIGHUP, "lined: draining 1 connection");
    close(other);
}
END_TEST

START_TEST(statistics_can_be_ignored)
{
    ck_assert(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
    serve();
    ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
    end_by(SIGTERM, 0);
    ck_assert_ptr_eq(strchr(text, '{'), strstr(text, "{\"connections\":0,")); /* the first, and */
    ck_assert_ptr_null(strstr(strchr(text, '{') + 1, "{\"connections\""));    /* the only one */
}
END_TEST

START_TEST(past_the_drain_timeout_the_rest_is_cut)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=0.1"));
    int client = get_stuck();
    int other = get_stuck();
    end_by(SIGTERM, 3);
    ck_assert_ptr_nonnull(strstr(text, "lined: cutting 2 connections\n"));
    hang_up(client);
    hang_up(other);
}
END_TEST

START_TEST(a_second_signal_cuts_at_once)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=1000"));
    int client = get_stuck();
    ck_assert_int_eq(kill(server.pid, SIGINT), 0);
    process_line(&server.err, text, sizeof text); /* it drains */
    cut_by(SIGINT);
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: cutting 1 connection");
    end_by(SIGINT, 3);
    hang_up(client);
}
END_TEST

/* timeout(1) sends its signal twice. These wait for lined side by side, so it takes them one right
 * after the other. Where it lost the processor between the two, they were two, so the best of five
 * counts. */
START_TEST(two_signals_at_once_are_one)
{
    int status = 3;

    for (int i = 0; i < 5 && status != 0; i++) {
        process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=1000"));
        int client = get_stuck();
        ck_assert_int_eq(kill(server.pid, SIGSTOP), 0);
        ck_assert_int_eq(waitpid(server.pid, NULL, WUNTRACED), server.pid);
        ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
        ck_assert_int_eq(kill(server.pid, SIGINT), 0);
        ck_assert_int_eq(kill(server.pid, SIGCONT), 0);
        process_line(&server.err, text, sizeof text); /* it drains */
        drink(client);
        hang_up(client);
        status = process_wait(&server);
    }
    ck_assert_int_eq(status, 0);
}
END_TEST

/* As a terminal closes, the shell sends one, and so may the kernel. */
START_TEST(a_second_hangup_still_drains)
{
    int other = open_terminal();
    if (other < 0)
        return;
    process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=1000"));
    int client = get_stuck();
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    process_line(&server.err, text, sizeof text); /* it drains */
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    ck_assert_int_eq(kill(server.pid, SIGUSR1),
                     0); /* is taken after it, for its number is higher */
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(text[0], '{');
    drink(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
    close(other);
}
END_TEST

/* Clients that have connected and sent, but are not accepted yet, are served by a drain. */
START_TEST(a_drain_serves_the_clients_in_the_backlog)
{
    enum { CLIENTS = 20 };
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(kill(server.pid, SIGSTOP), 0);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_int_eq(kill(server.pid, SIGCONT), 0);
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_signal_drains,
        a_terminal_that_closes_drains,
        without_a_terminal_a_hangup_does_not_drain,
        what_is_ignored_at_the_start_stays_ignored,
        the_drain_message_names_only_handled_signals,
        statistics_can_be_ignored,
        past_the_drain_timeout_the_rest_is_cut,
        a_second_signal_cuts_at_once,
        two_signals_at_once_are_one,
        a_second_hangup_still_drains,
        a_drain_serves_the_clients_in_the_backlog,
    };
    return command_run("command_signals", tests, sizeof tests / sizeof tests[0]);
}
