/* line_rate, in both modes. */
#include "clock.h"
#include "dial.h"
#include "embed.h"
#include "last_conn.h"
#include "suite.h"

#include <lined.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lined_server *start_with_rate(int mode, uint32_t rate)
{
    prepare((enum lined_mode)mode);
    options.line_rate = rate;
    return start_server();
}

/* That number of lines in one piece. */
static void say_lines(int client, int count)
{
    char lines[4096];
    size_t size = 0;

    for (int i = 0; i < count; i++)
        size += (size_t)snprintf(lines + size, sizeof lines - size, "%d\n", i);
    say_bytes(client, lines, size);
}

static void expect_replies(int client, int first, int behind)
{
    char reply[64];

    for (int i = first; i < behind; i++) {
        snprintf(reply, sizeof reply, "Received: %d\n\n", i);
        expect(client, reply);
    }
}

START_TEST(further_lines_wait)
{
    enum { LINES = 30, RATE = 20, AT_ONCE = 3, INTERVAL_MS = 1000 / RATE };
    lined_server *server = start_with_rate(_i, RATE);
    int client = dial(lined_server_port(server));
    int64_t began = now_ms();

    say_lines(client, LINES);
    expect_replies(client, 0, LINES);
    ck_assert_int_ge(now_ms() - began, (LINES - AT_ONCE) * INTERVAL_MS - 10);
    hang_up(client);
    finish(server);
}
END_TEST

/* A line that waits holds back no reply before it, and no other connection. */
START_TEST(replies_do_not_wait)
{
    lined_server *server = start_with_rate(_i, 1);
    int client = dial(lined_server_port(server));
    int other = dial(lined_server_port(server));

    say_lines(client, 1000);
    expect_replies(client, 0, 1);
    say(other, "0\n");
    expect_replies(other, 0, 1);
    ck_assert_uint_lt(stats_of(server).lines, 100);
    hang_up(other);
    hang_up_rudely(client);
    lined_server_stop(server);
    lined_server_wait(server);
    lined_server_free(server);
}
END_TEST

/* Lines that came in time do not let the client's deadlines pass while they wait. */
START_TEST(the_wait_is_not_the_clients)
{
    lined_server *server;

    prepare((enum lined_mode)_i);
    options.line_rate = 2;
    options.idle_timeout_ms = 200;
    options.line_timeout_ms = 200;
    server = start_server();
    int client = dial(lined_server_port(server));
    say_lines(client, 4);
    expect_replies(client, 0, 4);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_IDLE_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_drain_ends_the_wait)
{
    enum { LINES = 100 };
    lined_server *server = start_with_rate(_i, 1);
    int client = dial(lined_server_port(server));

    say_lines(client, LINES);
    expect_replies(client, 0, 1);
    lined_server_drain(server);
    expect_replies(client, 1, LINES);
    expect_eof(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
    hang_up(client);
}
END_TEST

START_TEST(a_cut_ends_the_wait)
{
    lined_server *server = start_with_rate(_i, 1);
    int client = dial(lined_server_port(server));

    say_lines(client, 100);
    expect_replies(client, 0, 1);
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_int_eq(watch.last_reason, LINED_CUT);
    ck_assert_uint_lt(watch.lines, 50);
    lined_server_free(server);
    hang_up(client);
}
END_TEST

START_TEST(the_session_ends_the_wait)
{
    prepare((enum lined_mode)_i);
    options.line_rate = 1;
    options.session_timeout_ms = 300;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    say_lines(client, 100);
    expect_replies(client, 0, 1);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SESSION_TIMEOUT);
    ck_assert_uint_lt(watch.lines, 50);
    hang_up(client);
    finish(server);
}
END_TEST

/* A task's lines wait too; exact bytes do not. */
static int count_lines(void *context, lined_conn *conn, void *state)
{
    const char *bytes;
    size_t size;
    int result = lined_recv_line(conn, &bytes, &size);

    for (int i = 0; i < 1000 && result == LINED_OK; i++)
        result = lined_recv_exact(conn, &bytes, 1);
    if (result == LINED_OK)
        result = lined_send(conn, "exact\n", 6);
    for (int i = 0; i < 5 && result == LINED_OK; i++)
        result = lined_recv_line(conn, &bytes, &size);
    return result == LINED_OK ? lined_send(conn, "lines\n", 6) : result;
}

START_TEST(the_lines_of_a_task_wait)
{
    static const struct lined_handler counter = {.task = count_lines};
    static char exact[1000];

    prepare(LINED_PASSIVE);
    options.line_rate = 5;
    lined_server *server = start_handler(&counter);
    int client = dial(lined_server_port(server));
    int64_t began = now_ms();
    say(client, "\n");
    say_bytes(client, exact, sizeof exact);
    expect(client, "exact\n");
    say(client, "\n\n\n\n\n");
    expect(client, "lines\n");
    ck_assert_int_ge(now_ms() - began, 890);
    expect_eof(client);
    hang_up(client);
    finish(server);
}
END_TEST

static int answer_anything(void *context, lined_conn *conn, void *state, const char *line,
                           size_t size)
{
    return lined_send(conn, line, size);
}

START_TEST(lined_end_ends_the_wait)
{
    static const struct lined_handler handler = {.open = last_conn_remember,
                                                 .line = answer_anything};

    prepare((enum lined_mode)_i);
    options.line_rate = 1;
    lined_server *server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    say(client, "one\ntwo\nthree\n");
    expect(client, "one\n");
    ck_assert_int_eq(lined_end(last_conn(), "bye\n", 4), LINED_OK);
    expect(client, "bye\n"); /* and not the next line */
    drink(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_ENDED);
    finish(server);
}
END_TEST

/* A task is woken, and its deadline passes, before the line that waits is due. */
static int wake_itself(void *context, lined_conn *conn, void *state)
{
    const char *line;
    size_t size;

    int result = lined_recv_line(conn, &line, &size);
    if (result != LINED_OK)
        return result;
    lined_set_deadline(conn, 1);
    ck_assert_int_eq(lined_recv_line(conn, &line, &size), LINED_DEADLINE);
    lined_set_deadline(conn, 0);
    result = lined_puts(conn, "waiting\n");
    if (result == LINED_OK)
        result = lined_flush(conn);
    if (result == LINED_OK)
        result = lined_recv_line(conn, &line, &size);
    return result == LINED_WOKEN ? lined_puts(conn, "woken\n") : result;
}

START_TEST(a_wake_up_and_a_deadline_end_the_wait)
{
    static const struct lined_handler handler = {
        .open = last_conn_remember, .task = wake_itself, .wakeable = true};

    prepare(LINED_PASSIVE);
    options.line_rate = 1;
    lined_server *server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    say(client, "one\ntwo\nthree\n");
    expect(client, "waiting\n");
    ck_assert_int_eq(lined_wake(last_conn()), LINED_OK);
    expect(client, "woken\n");
    drink(client);
    hang_up(client);
    watch_await_closed(&watch, 1);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        further_lines_wait,       replies_do_not_wait,     the_wait_is_not_the_clients,
        a_drain_ends_the_wait,    a_cut_ends_the_wait,     the_session_ends_the_wait,
        the_lines_of_a_task_wait, lined_end_ends_the_wait, a_wake_up_and_a_deadline_end_the_wait,
    };
    return suite_run_loop("line_rate", tests, sizeof tests / sizeof tests[0], 2);
}
