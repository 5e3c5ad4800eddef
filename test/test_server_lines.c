#define _GNU_SOURCE /* gettid */
/* Lines of clients and their replies: of a server in the test itself. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "watch.h"

#include <lined.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(a_line_is_answered_at_once)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    say(client, "again\n"); /* the connection goes on */
    expect(client, "Received: again\n\n");
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

START_TEST(a_half_closing_client_gets_every_reply)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    say(client, "a\nb\n");
    half_close(client);
    expect(client, "Received: a\n\nReceived: b\n\n");
    expect_eof(client);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_pipeline_costs_few_sends)
{
    enum { LINES = 10000 };
    static char lines[LINES * 2];
    static char replies[LINES * 13];

    for (size_t i = 0; i < LINES; i++) {
        memcpy(lines + i * 2, "x\n", 2);
        memcpy(replies + i * 13, "Received: x\n\n", 13);
    }
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    say_bytes(client, lines, sizeof lines);
    half_close(client);
    expect_bytes(client, replies, sizeof replies);
    expect_eof(client);
    hang_up(client);
    watch_await_closed(&watch, 1);
    ck_assert_uint_le(watch.batch_ends, 60); /* each is one send, and one more every 64 KiB */
    finish(server);
}
END_TEST

START_TEST(statistics_add_up)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    say(client, "hello\nwo");
    expect(client, "Received: hello\n\n");
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.connections, 1);
    ck_assert_uint_eq(stats.connected, 1);
    ck_assert_uint_eq(stats.lines, 1);
    half_close(client);
    expect_eof(client);
    hang_up(client);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    stats = stats_of(server);
    ck_assert_uint_eq(stats.connected, 0);
    ck_assert_uint_eq(stats.bytes_in, 8);
    ck_assert_uint_eq(stats.bytes_out, 17);
    ck_assert_uint_eq(stats.bytes_dropped, 2);
    ck_assert_uint_eq(stats.connected_peak, 1);
    ck_assert_uint_eq(stats.rejected, 0);
    ck_assert_uint_eq(stats.accept_errors[0].count, 0); /* the end of accepting is none */
    lined_server_free(server);
}
END_TEST

/* The most that were here at once: seen while they are, and after. */
START_TEST(the_peak_stays)
{
    int clients[3];

    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    for (int i = 0; i < 3; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "hello\n");
        expect(clients[i], "Received: hello\n\n");
        ck_assert_uint_eq(stats_of(server).connected_peak, i + 1);
    }
    for (int i = 0; i < 3; i++)
        hang_up(clients[i]);
    watch_await_closed(&watch, 3);
    ck_assert_uint_eq(stats_of(server).connected_peak, 3);
    int last = dial(lined_server_port(server));
    say(last, "hello\n");
    expect(last, "Received: hello\n\n");
    ck_assert_uint_eq(stats_of(server).connected_peak, 3);
    hang_up(last);
    finish(server);
}
END_TEST

START_TEST(an_unfinished_line_can_be_delivered)
{
    prepare(LINED_PASSIVE);
    options.partial = LINED_PARTIAL_DELIVER;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    say(client, "a\nbc");
    half_close(client);
    expect(client, "Received: a\n\nReceived: bc\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

START_TEST(a_long_line_can_close_its_connection)
{
    static char unwanted[100000];

    prepare(LINED_PASSIVE);
    options.max_line = 16;
    options.long_line = LINED_LONG_CLOSE;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    int other = dial(lined_server_port(server));

    /* The replies so far arrive, although bytes that are not handled follow the long line. */
    memset(unwanted, 'x', sizeof unwanted);
    say(client, "fits\n");
    say_bytes(client, unwanted, sizeof unwanted);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_LINE_TOO_LONG);
    expect(client, "Received: fits\n\n");
    expect_eof(client);
    hang_up(client);
    say(other, "123456789012345\n"); /* just fits */
    expect(other, "Received: 123456789012345\n\n");
    hang_up(other);
    finish(server);
}
END_TEST

static void can_discard(enum lined_mode mode)
{
    static char rest[100000];

    prepare(mode);
    options.max_line = 16;
    options.long_line = LINED_LONG_DISCARD;
    options.partial = LINED_PARTIAL_DELIVER;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    memset(rest, 'x', sizeof rest);
    say(client, "0123456789abcdef");
    expect(client, "Received: 0123456789abcdef\n"); /* before the rest has come */
    say_bytes(client, rest, sizeof rest);
    say(client, "\nnext\n0123456789abcdef\n");
    expect(client, "Received: next\n\nReceived: 0123456789abcdef\n");
    AWAIT(stats_of(server).bytes_dropped == sizeof rest + 2); /* while it is connected */
    say(client, "0123456789abcdefunfinished");
    half_close(client);
    expect(client, "Received: 0123456789abcdef\n");
    expect_eof(client);
    hang_up(client);
    AWAIT(stats_of(server).connected == 0);
    ck_assert_uint_eq(stats_of(server).bytes_dropped, sizeof rest + 2 + 10);
    ck_assert_uint_eq(stats_of(server).lines, 4);
    finish(server);
}

START_TEST(the_rest_of_a_long_line_can_be_discarded)
{
    can_discard(LINED_PASSIVE);
    can_discard(LINED_ACTIVE);
}
END_TEST

/* It is in the middle of a long line when the drain begins. */
START_TEST(a_drain_discards_the_rest_of_a_long_line_too)
{
    lined_server *server;

    prepare(LINED_PASSIVE);
    options.max_line = 16;
    options.long_line = LINED_LONG_DISCARD;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    int client = dial(lined_server_port(server));
    say(client, "0123456789abcdefXYZ\nnext\n0123456789abcdefend");
    await_acknowledged(client, 1 + 44);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    lined_server_drain(server);
    expect(client, "Received: 0123456789abcdef\nReceived: next\n\nReceived: 0123456789abcdef\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_uint_eq(stats_of(server).bytes_dropped, 4 + 3);
    lined_server_free(server);
}
END_TEST

static int welcome(void *context, lined_conn *conn, void **state)
{
    return lined_send(conn, "welcome\n", 8);
}

static int echo(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    return lined_send(conn, line, size);
}

static void can_greet(enum lined_mode mode)
{
    static const struct lined_handler handler = {.open = welcome, .line = echo};
    char greeting[LINED_GREETING_MAX + 1];
    char expected[LINED_GREETING_MAX + 2];

    memset(greeting, 'x', LINED_GREETING_MAX);
    greeting[LINED_GREETING_MAX] = '\0';
    prepare(mode);
    options.greeting = greeting;
    options.max_per_ip = 1;
    lined_server *server = start_handler(&handler);
    snprintf(expected, sizeof expected, "%s\n", greeting);
    memset(greeting, 'y', LINED_GREETING_MAX); /* it was copied */
    int client = dial(lined_server_port(server));
    expect(client, expected);
    expect(client, "welcome\n");
    int rejected = dial(lined_server_port(server));
    expect(rejected, "Too many connections from your address\n");
    expect_eof(rejected);
    hang_up(rejected);
    say(client, "hello\n");
    expect(client, "hello\n");
    hang_up(client);
    finish(server);
}

START_TEST(a_greeting_comes_first)
{
    can_greet(LINED_PASSIVE);
    can_greet(LINED_ACTIVE);
}
END_TEST

/* open waits until the client has its greeting. */
static int wait_for_client(void *context, lined_conn *conn, void **state)
{
    ck_assert_int_eq(sem_wait(context), 0);
    return LINED_OK;
}

START_TEST(a_greeting_does_not_wait_for_the_handler)
{
    static const struct lined_handler handler = {.open = wait_for_client, .line = echo};
    sem_t has_greeting;

    ck_assert_int_eq(sem_init(&has_greeting, 0, 0), 0);
    prepare(LINED_ACTIVE);
    options.greeting = "hello";
    lined_server *server = start_handler_in(&handler, &has_greeting);
    int client = dial(lined_server_port(server));
    int other = dial(lined_server_port(server));
    expect(client, "hello\n");
    expect(other, "hello\n");
    sem_post(&has_greeting);
    sem_post(&has_greeting);
    hang_up(client);
    hang_up(other);
    finish(server);
}
END_TEST

START_TEST(lines_received_before_a_reset_are_handled)
{
    enum { SIZE = 4 * 1024 * 1024 };
    char *lines = malloc(SIZE);

    ck_assert_ptr_nonnull(lines);
    memset(lines, 0, SIZE); /* as dd does from /dev/zero */
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    say_bytes(client, lines, SIZE);
    uint64_t received = acknowledged(client) - 1;
    hang_up_rudely(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_RESET);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_gt(received, 0);
    ck_assert_uint_ge(stats.bytes_in, received);
    ck_assert_uint_eq(stats.bytes_in, stats.lines * 1460 + stats.bytes_dropped);
    ck_assert_uint_lt(stats.bytes_dropped, 1460);
    ck_assert_uint_eq(watch.lines, stats.lines);
    lined_server_free(server);
    free(lines);
}
END_TEST

static pid_t served_by;

static int note_thread(void *context, lined_conn *conn, void **state)
{
    (void)conn;
    (void)state;
    served_by = gettid();
    return LINED_OK;
}

/* The thread may not be back when the next client comes; but some time it is. */
START_TEST(a_thread_serves_one_connection_after_another)
{
    const struct lined_handler noting = {.open = note_thread, .line = lined_handler_received.line};
    pid_t before[2] = {0}; /* two may take turns */
    size_t count = 0;

    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&noting);
    do {
        before[1] = before[0];
        before[0] = served_by;
        int client = dial(lined_server_port(server));
        say(client, "hello\n");
        expect(client, "Received: hello\n\n");
        hang_up(client);
        watch_await_closed(&watch, ++count);
    } while (served_by != before[0] && served_by != before[1]);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_line_is_answered_at_once,
        a_half_closing_client_gets_every_reply,
        a_pipeline_costs_few_sends,
        statistics_add_up,
        the_peak_stays,
        an_unfinished_line_can_be_delivered,
        a_long_line_can_close_its_connection,
        a_greeting_comes_first,
        a_greeting_does_not_wait_for_the_handler,
        the_rest_of_a_long_line_can_be_discarded,
        a_drain_discards_the_rest_of_a_long_line_too,
        lines_received_before_a_reset_are_handled,
        a_thread_serves_one_connection_after_another,
    };
    return suite_run("server_lines", tests, sizeof tests / sizeof tests[0]);
}
