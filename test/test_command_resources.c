#define _GNU_SOURCE /* prlimit, setresuid */
/* The command without descriptors or threads for more clients, and that it returns both. */
#include "clock.h"
#include "command.h"
#include "dial.h"
#include "process.h"
#include "rest.h"
#include "suite.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

START_TEST(without_descriptors_clients_wait)
{
    char expected[128];
    struct rlimit limit;

    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    limit.rlim_cur = process_descriptors(&server) + 1;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    int first = dial(server.port);
    say(first, "first\n");
    expect(first, "Received: first\n\n");
    int second = dial(server.port);
    say(second, "second\n");
    process_line(&server.err, text, sizeof text);
    snprintf(expected, sizeof expected,
             "lined: cannot accept: %s; new clients wait until this is possible again",
             process_error(EMFILE));
    ck_assert_str_eq(text, expected);
    expect_rest(server.pid);
    say(first, "still\n"); /* connected clients do not notice */
    expect(first, "Received: still\n\n");
    hang_up(first);
    expect(second, "Received: second\n\n");
    hang_up(second);
    kill(server.pid, SIGTERM);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "cannot accept: ")); /* said once; then counted */
    ck_assert_ptr_nonnull(strstr(text, "lined: accept: "));
    ck_assert_ptr_nonnull(strstr(text, " more in the last second\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"accept_errors\":{\"emfile\":"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* When another process lifts the limit, nothing wakes the acceptor: it tries again. The best of
 * five counts, for this machine may have other work to do. */
START_TEST(descriptors_that_come_from_outside_are_noticed_at_once)
{
    int64_t quickest = INT64_MAX;

    for (int i = 0; i < 5; i++) {
        struct rlimit limit;
        process_serve(&server, -1, ARGUMENTS("-q"));
        ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
        limit.rlim_cur = process_descriptors(&server) + 1;
        ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
        int first = dial(server.port);
        int second = dial(server.port);
        say(second, "second\n");
        process_line(&server.err, text, sizeof text); /* too many open files */
        limit.rlim_cur = limit.rlim_max;
        int64_t began = now_us();
        ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
        expect(second, "Received: second\n\n");
        int64_t took = now_us() - began;
        quickest = took < quickest ? took : quickest;
        hang_up(first);
        hang_up(second);
        end_by(SIGTERM, 0);
    }
    ck_assert_msg(quickest <= 100000, "%lld us", (long long)quickest);
}
END_TEST

/* RLIMIT_NPROC counts all threads of a user, and binds no root. */
START_TEST(without_threads_clients_wait)
{
    struct rlimit limit;

    process_copy_lined();
    if (setresuid(OWN_USER, OWN_USER, OWN_USER) != 0) {
        suite_skip("it needs a user of its own, which only root can become (CAP_SETUID)");
        return;
    }
    process_serve(&server, -1, ARGUMENTS("-q"));
    answer_one("zero\n"); /* every thread that lined makes for itself is there */
    int first = dial(server.port);
    say(first, "first\n");
    expect(first, "Received: first\n\n");
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NPROC, NULL, &limit), 0);
    limit.rlim_cur = 1;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NPROC, &limit, NULL), 0);
    int second = dial(server.port);
    int third = dial(server.port);
    say(second, "second\n");
    say(third, "third\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: cannot create a thread: Resource temporarily unavailable; new "
                           "clients wait until this is possible again");
    expect_rest(server.pid);
    say(first, "still\n"); /* connected clients do not notice */
    expect(first, "Received: still\n\n");
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NPROC, &limit, NULL), 0);
    expect(second, "Received: second\n\n");
    expect(third, "Received: third\n\n");
    hang_up(first);
    hang_up(second);
    hang_up(third);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Resource temporarily")); /* said once, then counted */
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

START_TEST(without_descriptors_a_drain_serves_the_clients_that_wait)
{
    enum { CLIENTS = 5 };
    struct rlimit limit;
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    limit.rlim_cur = process_descriptors(&server) + 1;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    int first = dial_narrow(server.port, 4096);
    static char lines[30000];
    memset(lines, '\n', sizeof lines);
    say_bytes(first, lines, sizeof lines); /* its replies are more than it takes: it lingers */
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    process_line(&server.err, text, sizeof text); /* too many open files */
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_uint_eq(drink(first), sizeof lines * 12);
    hang_up(first);
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

START_TEST(threads_and_descriptors_come_back)
{
    enum { CLIENTS = 100 };
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q"));
    answer_one("first\n");
    size_t descriptors = process_descriptors(&server);
    size_t threads = process_threads(&server);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial(server.port);
    for (int i = 0; i < CLIENTS; i++) {
        say(clients[i], "hello\n");
        expect(clients[i], "Received: hello\n\n");
    }
    ck_assert_uint_ge(process_descriptors(&server), CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    struct pollfd nothing = {.fd = -1};
    for (int i = 0; i < 10000 && (process_threads(&server) > threads ||
                                  process_descriptors(&server) > descriptors);
         i++)
        poll(&nothing, 1, 1); /* another process's threads cannot be waited for */
    ck_assert_uint_le(process_threads(&server), threads);
    ck_assert_uint_le(process_descriptors(&server), descriptors);
    end_by(SIGTERM, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        without_descriptors_clients_wait,  descriptors_that_come_from_outside_are_noticed_at_once,
        without_threads_clients_wait,      without_descriptors_a_drain_serves_the_clients_that_wait,
        threads_and_descriptors_come_back,
    };
    return command_run("command_resources", tests, sizeof tests / sizeof tests[0]);
}
