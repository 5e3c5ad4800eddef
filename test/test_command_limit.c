#define _GNU_SOURCE /* prlimit, setresuid */
/* The limit of connections that the command announces, and clients beyond it. */
#include "clock.h"
#include "command.h"
#include "dial.h"
#include "process.h"

#include <lined.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The descriptors that lined and all it starts may have. */
static void set_descriptors(rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(the_limit_is_said_at_the_start)
{
    struct rlimit limit;

    set_descriptors(80, 200);
    serve();
    ck_assert_str_eq(server.limit, "lined: at most 136 connections at a time");
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    ck_assert_uint_eq(limit.rlim_cur, 200); /* raised */
    end_by(SIGTERM, 0);
    process_serve(&server, -1, ARGUMENTS("--max-connections=100"));
    ck_assert_str_eq(server.limit, "lined: at most 100 connections at a time");
    end_by(SIGTERM, 0);
    process_serve(&server, -1, ARGUMENTS("--max-connections=1000"));
    ck_assert_str_eq(server.limit,
                     "lined: at most 1000 connections at a time, but RLIMIT_NOFILE "
                     "allows about 136: raise this limit (ulimit -n, or LimitNOFILE= in a "
                     "unit)");
    end_by(SIGTERM, 0);
}
END_TEST

/* Becomes a user that RLIMIT_NPROC binds, with this limit. False: it cannot. */
static bool become_limited(rlim_t processes)
{
    const struct rlimit limit = {.rlim_cur = processes, .rlim_max = processes};

    if (setrlimit(RLIMIT_NPROC, &limit) == 0 && setresuid(OWN_USER, OWN_USER, OWN_USER) == 0 &&
        access(LINED_COMMAND, X_OK) == 0)
        return true;
    printf("skipped: needs root, and a build that others may run\n");
    return false;
}

/* Starts lined with this number of listeners. If admin is not NULL, there is also an admin
 * listener, and *admin becomes its port. Returns how many connections lined announces. */
static int serve_on(int listeners, uint16_t *admin)
{
    const char *arguments[32] = {"--mode=active", "--quiet", "--admin=127.0.0.1:0"};
    char line[256];
    int first = admin == NULL ? 2 : 3;
    int announced = 0;

    for (int i = 0; i < listeners; i++)
        arguments[first + i] = "--listen=127.0.0.1:0";
    arguments[first + listeners] = NULL;
    process_run(&server, -1, arguments);
    for (int i = 0; i < listeners; i++) {
        process_line(&server.err, line, sizeof line);
        ck_assert_msg(strncmp(line, "lined: listening on ", 20) == 0, "it says \"%s\"", line);
        server.port = (uint16_t)strtoul(strrchr(line, ':') + 1, NULL, 10);
    }
    process_line(&server.err, line, sizeof line); /* of the sandbox */
    process_line(&server.err, line, sizeof line);
    ck_assert_msg(sscanf(line, "lined: at most %d connection", &announced) == 1, "it says \"%s\"",
                  line);
    if (admin != NULL) {
        process_line(&server.err, line, sizeof line);
        *admin = (uint16_t)strtoul(strrchr(line, ':') + 1, NULL, 10);
    }
    return announced;
}

/* lined's own threads and the user's other processes, as this one, count in RLIMIT_NPROC. */
START_TEST(as_many_are_served_as_are_announced)
{
    enum { LIMIT = 24, LISTENERS = 8, OWN = 7 + LISTENERS };
    int clients[LIMIT];

    if (!become_limited(LIMIT))
        return;
    int announced = serve_on(LISTENERS, NULL);
    ck_assert_msg(announced > 1 && announced < LIMIT - OWN, "it announces %d", announced);
    for (int i = 0; i < announced; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    for (int i = 0; i < announced; i++)
        expect(clients[i], "Received: hello\n\n");
    for (int i = 0; i < announced; i++)
        hang_up(clients[i]);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Resource temporarily"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* The limit is set by a shell, which has few descriptors itself. */
static void expect_no_room(const char *limit, const char *part, const char *remedy)
{
    char script[128];

    snprintf(script, sizeof script, "%s; exec \"$0\" --port=0", limit);
    process_run_command(&server, "/bin/bash", -1, ARGUMENTS("-c", script, LINED_COMMAND));
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, part) == text && strstr(text, remedy) != NULL, "it says \"%s\"",
                  text);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    ck_assert_int_eq(process_wait(&server), 1);
}

START_TEST(a_limit_under_which_it_cannot_serve_is_status_1)
{
    if (!become_limited(4))
        return;
    expect_no_room("ulimit -u 4", "lined: cannot serve: RLIMIT_NPROC allows lined ",
                   " threads, but lined needs 8, and more for each connection: raise this limit "
                   "(ulimit -u, or LimitNPROC= in a unit)\n");
}
END_TEST

START_TEST(descriptors_with_which_it_cannot_serve_are_status_1)
{
    expect_no_room(
        "ulimit -n 8", "lined: cannot serve: RLIMIT_NOFILE allows lined 4 descriptors",
        ", but lined needs 6, and more for each connection: raise this limit (ulimit -n, "
        "or LimitNOFILE= in a unit)\n");
}
END_TEST

/* Without any option, the limit holds before descriptors run out. */
START_TEST(the_limit_comes_before_the_descriptors_end)
{
    enum { LIMIT = 136, CLIENTS = 150 };
    int clients[CLIENTS];

    set_descriptors(200, 200);
    process_serve(&server, -1, ARGUMENTS("-q"));
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    for (int i = 0; i < LIMIT; i++)
        expect(clients[i], "Received: hello\n\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: the maximum number of connections, set by RLIMIT_NOFILE, is "
                           "reached; --overflow decides what new clients get");
    for (int i = 0; i < LIMIT; i++)
        hang_up(clients[i]);
    for (int i = LIMIT; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Too many"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* Each listener has descriptors of its own, and so has the admin listener with its connections. */
START_TEST(listeners_and_the_admin_listener_have_descriptors)
{
    enum { LIMIT = 200, LISTENERS = 24, ADMIN_MAX = 16, BEYOND = 5 };
    int clients[LIMIT];
    int admins[ADMIN_MAX];
    uint16_t admin_port;

    set_descriptors(LIMIT, LIMIT);
    int announced = serve_on(LISTENERS, &admin_port);
    ck_assert_msg(announced > 50 && announced < LIMIT - 3 * LISTENERS - ADMIN_MAX,
                  "it announces %d", announced);
    for (int i = 0; i < ADMIN_MAX; i++) {
        admins[i] = dial(admin_port);
        say(admins[i], "GET /healthz HTTP/1.1\r\n"); /* and more is expected */
    }
    for (int i = 0; i < announced + BEYOND; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    for (int i = 0; i < announced; i++)
        expect(clients[i], "Received: hello\n\n");
    for (int i = 0; i < announced; i++)
        hang_up(clients[i]);
    for (int i = announced; i < announced + BEYOND; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    for (int i = 0; i < ADMIN_MAX; i++)
        hang_up(admins[i]);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Too many"));
    ck_assert_ptr_nonnull(strstr(text, "\"accept_errors\":{}"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

START_TEST(clients_can_be_rejected)
{
    setenv("LINED_OVERFLOW", "reject", 1);
    setenv("LINED_MAX_CONNECTIONS", "1", 1);
    process_serve(&server, -1, ARGUMENTS("-q"));
    int first = dial(server.port);
    say(first, "first\n");
    expect(first, "Received: first\n\n");
    size_t threads = process_threads(&server);
    int second = dial(server.port);
    expect(second, "Server busy\n");
    ck_assert_uint_eq(process_threads(&server), threads);
    expect_eof(second);
    hang_up(second);
    hang_up(first);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "lined: the maximum number of connections, set by "
                                       "LINED_MAX_CONNECTIONS, is reached; --overflow "
                                       "decides what new clients get\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"rejected\":1,"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* Rejected clients that stay hold only a few descriptors, and none that another client needs. */
START_TEST(rejected_clients_hold_few_descriptors)
{
    enum { CLIENTS = 100, PLACES = 32 };
    struct rlimit limit;
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q", "--max-connections=1", "--overflow=reject"));
    int first = dial(server.port);
    say(first, "first\n");
    expect(first, "Received: first\n\n");
    size_t descriptors = process_descriptors(&server);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        expect(clients[i], "Server busy\n");
        expect_eof(clients[i]);
    }
    /* The last one hears its end just before the oldest is closed. */
    struct pollfd nothing = {.fd = -1};
    for (int i = 0; i < 10000 && process_descriptors(&server) > descriptors + PLACES; i++)
        poll(&nothing, 1, 1); /* another process's descriptors cannot be waited for */
    ck_assert_uint_le(process_descriptors(&server), descriptors + PLACES);
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    limit.rlim_cur = descriptors + 4;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    int64_t began = now_us();
    for (int i = 0; i < CLIENTS; i++) {
        hang_up(clients[i]);
        clients[i] = dial(server.port);
        expect(clients[i], "Server busy\n");
        expect_eof(clients[i]);
    }
    ck_assert_int_lt(now_us() - began, 10000000); /* 25 times their patience would be more */
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    hang_up(first);
    end_by(SIGTERM, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_limit_is_said_at_the_start,
        as_many_are_served_as_are_announced,
        a_limit_under_which_it_cannot_serve_is_status_1,
        descriptors_with_which_it_cannot_serve_are_status_1,
        the_limit_comes_before_the_descriptors_end,
        listeners_and_the_admin_listener_have_descriptors,
        clients_can_be_rejected,
        rejected_clients_hold_few_descriptors,
    };
    return command_run("command_limit", tests, sizeof tests / sizeof tests[0]);
}
