/* lined_end: another thread ends a connection. Each test runs in both modes. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "last_conn.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODE (_i == 0 ? LINED_PASSIVE : LINED_ACTIVE)

/* The reason that close was given. */
static atomic_int closed_for;

static void note_reason(void *context, lined_conn *conn, void *state, int reason)
{
    (void)context;
    (void)conn;
    (void)state;
    atomic_store(&closed_for, reason);
}

enum { MUCH = 256 * 1024, SOME = 60 * 1024 };

/* No byte behind the line may be read: it may be the last of a mapping. */
static bool begins(const char *line, size_t size, const char *word)
{
    return size > strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

/* "end" ends the own connection, between two replies; "push" pushes to it and ends it; "much" and
 * "some" have a long reply. */
static int answer(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    lined_handle own = lined_conn_handle(conn);

    (void)context;
    (void)state;
    if (begins(line, size, "end")) {
        ck_assert_int_eq(lined_end(own, "bye\n", 4), LINED_OK);
        ck_assert_int_eq(lined_end(own, "again\n", 6), LINED_GONE);
        ck_assert_int_eq(lined_push(own, "late\n", 5), LINED_GONE);
    }
    if (begins(line, size, "push")) {
        ck_assert_int_eq(lined_push(own, "pushed\n", 7), LINED_OK);
        ck_assert_int_eq(lined_end(own, "bye\n", 4), LINED_OK);
        return LINED_OK;
    }
    if (begins(line, size, "much") || begins(line, size, "some")) {
        int bytes = line[0] == 'm' ? MUCH : SOME;
        for (int i = 0; i < bytes / 16; i++)
            ck_assert_int_eq(lined_send(conn, "0123456789abcdef", 16), LINED_OK);
        return LINED_OK;
    }
    return lined_send(conn, line, size);
}

static const struct lined_handler handler = {
    .open = last_conn_remember, .line = answer, .close = note_reason};

static lined_server *start(enum lined_mode mode)
{
    atomic_store(&closed_for, -1);
    prepare(mode);
    return start_handler(&handler);
}

/* A client that has been answered once. */
static int dial_and_talk(lined_server *server)
{
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "hello\n");
    return client;
}

/* The statistics are final too. */
static void expect_ended(lined_server *server)
{
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_ENDED);
    AWAIT(stats_of(server).connected == 0);
    ck_assert_int_eq(atomic_load(&closed_for), LINED_ENDED);
}

START_TEST(a_silent_client_gets_the_farewell)
{
    lined_server *server = start(MODE);
    int client = dial_and_talk(server);

    ck_assert_int_eq(lined_end(last_conn(), "bye\n", 4), LINED_OK);
    expect(client, "bye\n");
    expect_eof(client);
    hang_up(client);
    expect_ended(server);
    ck_assert_uint_eq(stats_of(server).closed[LINED_ENDED], 1);
    finish(server);
}
END_TEST

START_TEST(a_farewell_may_be_empty)
{
    lined_server *server = start(MODE);
    int client = dial_and_talk(server);

    ck_assert_int_eq(lined_end(last_conn(), NULL, 0), LINED_OK);
    expect_eof(client);
    hang_up(client);
    expect_ended(server);
    finish(server);
}
END_TEST

/* Replies come first, and no line is handled any more; those that were not are counted. */
START_TEST(the_farewell_follows_the_replies)
{
    lined_server *server = start(MODE);
    int client = dial_and_talk(server);

    say(client, "one\nend\nthree\nfour\n");
    expect(client, "one\nend\nbye\n");
    expect_eof(client);
    hang_up(client);
    expect_ended(server);
    ck_assert_uint_eq(stats_of(server).lines, 3);
    ck_assert_uint_eq(stats_of(server).bytes_dropped, 11);
    finish(server);
}
END_TEST

START_TEST(the_farewell_follows_what_was_pushed)
{
    lined_server *server = start(MODE);
    int client = dial_and_talk(server);

    say(client, "push\n");
    expect(client, "pushed\nbye\n");
    expect_eof(client);
    hang_up(client);
    expect_ended(server);
    finish(server);
}
END_TEST

START_TEST(a_connection_that_has_ended_is_gone)
{
    lined_server *server = start(MODE);
    int client = dial_and_talk(server);
    const lined_handle nothing = {NULL, 0};

    ck_assert_int_eq(lined_end(last_conn(), "x", 1024 * 1024 + 1), -EMSGSIZE);
    hang_up(client);
    watch_await_closed(&watch, 1);
    AWAIT(stats_of(server).connected == 0);
    ck_assert_int_eq(lined_end(last_conn(), "bye\n", 4), LINED_GONE);
    ck_assert_int_eq(lined_end(nothing, "bye\n", 4), LINED_GONE);
    finish(server);
}
END_TEST

/* A client that does not stop sending reads all that was sent to it: there is no reset before. */
static void *talk_on(void *client)
{
    static char lines[64 * 1024];

    memset(lines, '\n', sizeof lines);
    for (int i = 0; i < 100; i++)
        say_what_it_takes(*(int *)client, lines, sizeof lines);
    return NULL;
}

START_TEST(a_client_that_talks_on_gets_the_farewell)
{
    lined_server *server = start(MODE);
    int client = dial_and_talk(server);
    pthread_t talker;
    size_t size = 16 * 1024 * 1024;
    char *received = malloc(size);

    ck_assert_ptr_nonnull(received);
    ck_assert_int_eq(pthread_create(&talker, NULL, talk_on, &client), 0);
    expect(client, "\n"); /* it talks */
    ck_assert_int_eq(lined_end(last_conn(), "bye\n", 4), LINED_OK);
    size_t count = receive_until_end(client, received, size);
    ck_assert_uint_ge(count, 4);
    ck_assert_mem_eq(received + count - 4, "bye\n", 4);
    ck_assert_int_eq(pthread_join(talker, NULL), 0);
    hang_up(client);
    expect_ended(server);
    free(received);
    finish(server);
}
END_TEST

/* Much is on its way to a client with a small window when the connection ends, and the kernel still
 * has lines that were not received: the close resets the connection. */
START_TEST(unread_lines_do_not_cost_the_replies)
{
    lined_server *server = start(MODE);
    int client = dial_narrow(lined_server_port(server), 4096);
    static char more[20000];

    memset(more, '\n', sizeof more);
    say(client, "much\nend\n");
    say_bytes(client, more, sizeof more);
    for (int i = 0; i < MUCH / 16; i++)
        expect(client, "0123456789abcdef");
    expect(client, "end\nbye\n");
    drink(client);
    hang_up(client);
    expect_ended(server);
    finish(server);
}
END_TEST

/* Returns how many bytes the client got that reads 50 ms after the end, and sends before that. */
static size_t read_late(enum lined_mode mode)
{
    static char received[2 * SOME];
    struct pollfd nothing = {.fd = -1};
    lined_server *server = start(mode);
    int client = dial_narrow(lined_server_port(server), 4096);

    say(client, "some\nend\n");
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_ENDED);
    poll(&nothing, 1, 50);
    say_what_it_takes(client, "late\n", 5);
    size_t size = receive_until_end(client, received, sizeof received);
    hang_up(client);
    expect_ended(server);
    finish(server);
    return size;
}

/* The reset by its line must not destroy what the server's kernel has not sent yet. The server
 * waits for one second, which a busy machine may take from the client: the best of three counts. */
START_TEST(a_line_after_the_end_does_not_cost_the_replies)
{
    size_t best = 0;

    for (int i = 0; i < 3 && best < SOME + 8; i++) {
        size_t size = read_late(MODE);
        best = size > best ? size : best;
    }
    ck_assert_uint_eq(best, SOME + 8);
}
END_TEST

/* It is answered, and only then ended, in a drain too. */
START_TEST(an_end_may_come_in_a_drain)
{
    lined_server *server = start(MODE);
    int client = dial_and_talk(server);

    say(client, "one\nend\n");
    lined_server_drain(server);
    expect(client, "one\nend\nbye\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(after_a_cut_there_is_nothing_to_end)
{
    lined_server *server = start(MODE);
    int client = dial_and_talk(server);

    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_int_eq(lined_end(last_conn(), "bye\n", 4), LINED_GONE);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

/* Clients come and go while two threads end whatever was opened last. */
enum { VISITS = 300 };
static atomic_bool visits_are_over;

static void *end_the_last(void *unused)
{
    while (!atomic_load(&visits_are_over)) {
        lined_handle handle = last_conn();
        if (handle.server != NULL && lined_end(handle, "bye\n", 4) == LINED_OK)
            continue;
        sched_yield();
    }
    return unused;
}

START_TEST(ends_race_with_the_connections_own_end)
{
    lined_server *server = start(MODE);
    pthread_t enders[2];
    char rest[64];

    atomic_store(&visits_are_over, false);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&enders[i], NULL, end_the_last, NULL), 0);
    for (int i = 0; i < VISITS; i++) {
        int client = dial(lined_server_port(server));
        say_what_it_takes(client, "hello\n", 6);
        size_t size = receive_until_end(client, rest, sizeof rest);
        /* With its reply or without, it gets the farewell whole. */
        ck_assert_msg((size == 4 && memcmp(rest, "bye\n", 4) == 0) ||
                          (size == 10 && memcmp(rest, "hello\nbye\n", 10) == 0),
                      "%zu bytes: %.*s", size, (int)size, rest);
        hang_up(client);
    }
    watch_await_closed(&watch, VISITS);
    atomic_store(&visits_are_over, true);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(enders[i], NULL), 0);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_silent_client_gets_the_farewell,
        a_farewell_may_be_empty,
        the_farewell_follows_the_replies,
        the_farewell_follows_what_was_pushed,
        a_connection_that_has_ended_is_gone,
        a_client_that_talks_on_gets_the_farewell,
        unread_lines_do_not_cost_the_replies,
        a_line_after_the_end_does_not_cost_the_replies,
        an_end_may_come_in_a_drain,
        after_a_cut_there_is_nothing_to_end,
        ends_race_with_the_connections_own_end,
    };
    return suite_run_loop("end", tests, sizeof tests / sizeof tests[0], 2);
}
