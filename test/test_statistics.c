#define _GNU_SOURCE /* prlimit */
/* The statistics of the command as an operator meets them: SIGUSR1, the summary, and warnings that
 * come often. */
#include "ask.h"
#include "dial.h"
#include "process.h"
#include "suite.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static struct process server;
static char text[ASK_TEXT_SIZE];

START_TEST(sigusr1_prints_one_line_of_json)
{
    process_serve(&server, -1, ARGUMENTS("-q"));
    int client = dial(server.port);
    int other = dial(server.port);
    say(client, "hello\nunfinished");
    expect(client, "Received: hello\n\n");
    say(other, "x\n");
    expect(other, "Received: x\n\n");
    json_t *now = ask(&server);
    ck_assert_int_eq(figure(now, "connections"), 2);
    ck_assert_int_eq(figure(now, "connected"), 2);
    ck_assert_int_eq(figure(now, "connected_peak"), 2);
    ck_assert_int_eq(figure(now, "lines"), 2);
    ck_assert_int_eq(figure(now, "bytes_in"), 18);
    json_decref(now);
    hang_up(client);
    hang_up(other);
    json_t *final = ask_at_the_end(&server, 0, text);
    ck_assert_int_eq(figure(final, "connections"), 2);
    ck_assert_int_eq(figure(final, "connected"), 0);
    ck_assert_int_eq(figure(final, "connected_peak"), 2);
    ck_assert_int_eq(figure(final, "rejected"), 0);
    ck_assert_int_eq(figure(final, "connections_cut"), 0);
    ck_assert_int_eq(figure(final, "bytes_in"), 18);
    ck_assert_int_eq(figure(final, "bytes_dropped"), 10);
    ck_assert_int_eq(figure(final, "mailbox_peak"), 0);
    ck_assert_int_eq(figure(final, "log_dropped"), 0);
    json_decref(final);
    ck_assert_ptr_nonnull(strstr(text,
                                 "lined: served 2 connections, 2 lines, 18 bytes in, 30 bytes "
                                 "out, 10 unfinished bytes dropped\n"));
}
END_TEST

enum { CLIENTS = 10, ROUNDS = 200, LINES = 20 };

static void *talk(void *unused)
{
    char lines[LINES * 6 + 1] = "";
    char replies[LINES * 17];
    int client = dial(server.port);

    (void)unused;
    for (int i = 0; i < LINES; i++) {
        strcat(lines, "hello\n");
        memcpy(replies + (size_t)i * 17, "Received: hello\n\n", 17);
    }
    for (int i = 0; i < ROUNDS; i++) {
        say(client, lines);
        expect_bytes(client, replies, sizeof replies);
    }
    hang_up(client);
    return NULL;
}

static void expect_not_less(const json_t *now, const json_t *before, const char *name)
{
    ck_assert_msg(figure(now, name) >= figure(before, name), "%s went down", name);
}

/* While it works the figures are valid and only go up; at the end they are exact. */
static void expect_right_under_load(const char *mode)
{
    pthread_t clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q", "--mode", mode));
    json_t *before = ask(&server);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&clients[i], NULL, talk, NULL), 0);
    for (int i = 0; i < 100; i++) {
        json_t *now = ask(&server);
        expect_not_less(now, before, "connections");
        expect_not_less(now, before, "connected_peak");
        expect_not_less(now, before, "lines");
        expect_not_less(now, before, "bytes_in");
        expect_not_less(now, before, "bytes_out");
        expect_not_less(now, before, "mailbox_peak");
        ck_assert_int_le(figure(now, "connected"), CLIENTS);
        json_decref(before);
        before = now;
    }
    json_decref(before);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_join(clients[i], NULL), 0);
    json_t *final = ask_at_the_end(&server, 0, text);
    ck_assert_int_eq(figure(final, "connections"), CLIENTS);
    ck_assert_int_ge(figure(final, "connected_peak"), 1);
    ck_assert_int_le(figure(final, "connected_peak"), CLIENTS);
    ck_assert_int_eq(figure(final, "lines"), CLIENTS * ROUNDS * LINES);
    ck_assert_int_eq(figure(final, "bytes_in"), CLIENTS * ROUNDS * LINES * 6);
    ck_assert_int_eq(figure(final, "bytes_out"), CLIENTS * ROUNDS * LINES * 17);
    ck_assert_int_eq(figure(final, "mailbox_peak") > 0, strcmp(mode, "active") == 0);
    ck_assert_int_le(figure(final, "mailbox_peak"), CLIENTS);
    json_decref(final);
}

START_TEST(figures_are_right_under_load)
{
    expect_right_under_load("passive");
}
END_TEST

START_TEST(figures_are_right_under_load_in_active_mode)
{
    expect_right_under_load("active");
}
END_TEST

/* A signal before the first connection, and many signals at once, end nothing. */
START_TEST(sigusr1_is_harmless)
{
    process_serve(&server, -1, ARGUMENTS("-q"));
    json_decref(ask(&server));
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
    json_decref(ask_at_the_end(&server, 0, text));
}
END_TEST

/* Asks until accept has failed twice. The answers come before the second is over, or else after
 * the line that text is left with. False: that line is yet to come. */
static bool await_second_failure(void)
{
    char line[4096];
    bool has_come = false;

    for (json_int_t failures = 0; failures < 2;) {
        ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
        for (process_line(&server.err, line, sizeof line); line[0] != '{';
             process_line(&server.err, line, sizeof line)) {
            strcpy(text, line);
            has_come = true;
        }
        json_t *now = json_loads(line, 0, NULL);
        failures = figure(json_object_get(now, "accept_errors"), "emfile");
        json_decref(now);
    }
    return has_come;
}

/* Clients wait for a descriptor: the accept error is logged once. Suppressed warnings are counted
 * when the second is over, although none follows. */
START_TEST(repeated_warnings_are_counted)
{
    char expected[128];
    struct rlimit limit;
    unsigned long more;
    int end = 0;

    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    const rlim_t room = limit.rlim_cur;
    limit.rlim_cur = 3; /* no new ones; the accept that waits has its own already */
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    int client = dial(server.port);
    say(client, "hello\n");
    process_line(&server.err, text, sizeof text);
    snprintf(expected, sizeof expected, "lined: cannot accept: %s; ", process_error(EMFILE));
    ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s", text);
    bool has_come = await_second_failure();
    limit.rlim_cur = room;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    if (!has_come)
        process_line(&server.err, text, sizeof text);
    sscanf(text, "lined: accept: %lu more in the last second%n", &more, &end);
    ck_assert_msg(end > 0 && text[end] == '\0', "%s", text);
    ck_assert_uint_ge(more, 1);
    expect(client, "Received: hello\n\n");
    hang_up(client);
    json_t *final = ask_at_the_end(&server, 0, text);
    json_int_t errors = figure(json_object_get(final, "accept_errors"), "emfile");
    char *rest = text;
    for (char *line; (line = strstr(rest, "lined: accept: ")) != NULL; rest = line + 1) {
        unsigned long later;
        ck_assert_int_eq(sscanf(line, "lined: accept: %lu more in", &later), 1);
        more += later;
    }
    ck_assert_int_eq(errors, 1 + more); /* none is lost, however it ends */
    json_decref(final);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sigusr1_prints_one_line_of_json,
        figures_are_right_under_load,
        figures_are_right_under_load_in_active_mode,
        sigusr1_is_harmless,
        repeated_warnings_are_counted,
    };
    return suite_run("statistics", tests, sizeof tests / sizeof tests[0]);
}
