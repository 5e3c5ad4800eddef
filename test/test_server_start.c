/* The start of a server: lined_server_new and _start, and options that they reject. */
#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "threads.h"
#include "watch.h"

#include <errno.h>
#include <lined.h>
#include <stdint.h>
#include <string.h>

START_TEST(a_port_can_be_used_again_at_once)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    /* The server closes first, so its side stays in TIME-WAIT. */
    lined_server_drain(server);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    options.port = lined_server_port(server);
    lined_server_free(server);
    server = start_server();
    ck_assert_uint_eq(lined_server_port(server), options.port);
    client = dial(options.port);
    hang_up(client);
    watch_await_closed(&watch, 2);
    finish(server);
}
END_TEST

START_TEST(two_servers_live_side_by_side)
{
    prepare(LINED_PASSIVE);
    lined_server *one = start_server();
    lined_server *other = start_server();
    int client = dial(lined_server_port(one));
    int other_client = dial(lined_server_port(other));

    say(other_client, "other\n");
    say(client, "one\n");
    expect(client, "Received: one\n\n");
    expect(other_client, "Received: other\n\n");
    lined_server_free(one);
    say(other_client, "still\n");
    expect(other_client, "Received: still\n\n");
    hang_up(client);
    hang_up(other_client);
    finish(other);
}
END_TEST

START_TEST(a_server_that_cannot_listen_is_rejected)
{
    lined_server *server = NULL;
    lined_server *other = NULL;

    prepare(LINED_PASSIVE);
    options.ip = "localhost";
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), -EINVAL);
    prepare(LINED_PASSIVE);
    options.max_line = LINED_MAX_LINE_MIN - 1;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), -EINVAL);
    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, NULL, NULL), -EINVAL);
    options.ip = "192.0.2.1"; /* TEST-NET-1: no machine has it */
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL),
                     -EADDRNOTAVAIL);
    prepare(LINED_PASSIVE);
    server = start_server();
    options.port = lined_server_port(server);
    ck_assert_int_eq(lined_server_new(&other, &options, &lined_handler_received, NULL),
                     -EADDRINUSE);
    finish(server);
}
END_TEST

/* With the options as they are, which are prepared anew. */
static void expect_rejected(void)
{
    lined_server *server = NULL;

    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), -EINVAL);
    prepare(LINED_PASSIVE);
}

START_TEST(options_out_of_range_are_rejected)
{
    prepare(LINED_PASSIVE);
    options.backlog = 0;
    expect_rejected();
    options.max_line = LINED_MAX_LINE_MAX + 1;
    expect_rejected();
    options.long_line = LINED_LONG_DISCARD + 1;
    expect_rejected();
    options.partial = LINED_PARTIAL_DELIVER + 1;
    expect_rejected();
    options.mode = LINED_ACTIVE + 1;
    expect_rejected();
    options.push_limit = 0;
    expect_rejected();
    options.overflow = LINED_OVERFLOW_REJECT + 1;
    expect_rejected();
    uint32_t *const times[] = {&options.send_timeout_ms, &options.idle_timeout_ms,
                               &options.line_timeout_ms, &options.session_timeout_ms,
                               &options.drain_timeout_ms};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        *times[i] = (uint32_t)INT32_MAX + 1;
        expect_rejected();
    }
    options.busy_poll_us = LINED_BUSY_POLL_MAX + 1;
    expect_rejected();
    static char long_greeting[LINED_GREETING_MAX + 2];
    memset(long_greeting, 'x', sizeof long_greeting - 1);
    options.greeting = long_greeting;
    expect_rejected();
    finish(start_server()); /* it was not for anything else */
}
END_TEST

static int own_nothing(void *context, lined_conn *conn, void *state)
{
    (void)conn;
    (void)state;
    return LINED_END;
}

START_TEST(a_handler_has_either_a_line_or_a_task)
{
    static const struct lined_handler neither;
    const struct lined_handler both = {.line = lined_handler_received.line, .task = own_nothing};
    lined_server *server = NULL;

    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &neither, NULL), -EINVAL);
    ck_assert_int_eq(lined_server_new(&server, &options, &both, NULL), -EINVAL);
}
END_TEST

/* So what the caller gives up between the two, no thread of the server has. */
START_TEST(a_new_server_listens_and_has_no_thread)
{
    const enum lined_mode modes[] = {LINED_PASSIVE, LINED_ACTIVE};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        lined_server *server;
        prepare(modes[i]);
        size_t before = count_threads();
        ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL),
                         LINED_OK);
        ck_assert_uint_le(count_threads(), before); /* threads of the server before may end */
        int queued = dial(lined_server_port(server));
        say(queued, "hello\n");
        ck_assert_int_eq(lined_server_start(server), LINED_OK);
        ck_assert_int_eq(lined_server_start(server), -EALREADY);
        ck_assert_uint_gt(count_threads(), before);
        expect(queued, "Received: hello\n\n");
        hang_up(queued);
        finish(server);
    }
}
END_TEST

START_TEST(a_server_that_was_not_started_is_freed)
{
    lined_server *server;

    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    int queued = dial(lined_server_port(server));
    ck_assert_int_eq(lined_server_wait(server), -EINVAL);
    lined_server_free(server);
    ck_assert_uint_eq(drink(queued), 0);
    hang_up(queued);
}
END_TEST

/* The clients that waited before the drain are served. */
START_TEST(a_server_that_drains_before_its_start_serves_the_queue)
{
    lined_server *server;

    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    int queued = dial(lined_server_port(server));
    say(queued, "hello\n");
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    expect(queued, "Received: hello\n\n");
    expect_eof(queued);
    hang_up(queued);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_port_can_be_used_again_at_once,
        two_servers_live_side_by_side,
        a_server_that_cannot_listen_is_rejected,
        options_out_of_range_are_rejected,
        a_handler_has_either_a_line_or_a_task,
        a_new_server_listens_and_has_no_thread,
        a_server_that_was_not_started_is_freed,
        a_server_that_drains_before_its_start_serves_the_queue,
    };
    return suite_run("server_start", tests, sizeof tests / sizeof tests[0]);
}
