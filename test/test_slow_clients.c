/* Clients that send nothing, or read nothing, for some time. */
#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "watch.h"

#include <lined.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

START_TEST(an_idle_client_is_closed)
{
    prepare(LINED_PASSIVE);
    options.idle_timeout_ms = 50;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    expect_eof(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_IDLE_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

/* The second after which enlarged buffers are released passes before the timeout. */
START_TEST(an_idle_client_with_enlarged_buffers_is_closed)
{
    static char line[4001];

    memset(line, 'x', sizeof line - 1);
    prepare(LINED_PASSIVE);
    options.idle_timeout_ms = 1300;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    say(client, line);
    drink(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_IDLE_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_client_that_does_not_read_is_closed_alone)
{
    prepare(LINED_PASSIVE);
    options.send_timeout_ms = 100;
    lined_server *server = start_server();
    int deaf = dial_narrow(lined_server_port(server), 4096);
    int client = dial(lined_server_port(server));

    stop_reading(deaf);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SEND_TIMEOUT);
    say(client, "still here\n");
    expect(client, "Received: still here\n\n");
    hang_up(deaf);
    hang_up(client);
    finish(server);
}
END_TEST

/* A client may take far longer than the send timeout for all, if it takes some now and then. What
 * it takes here is far too little to make the socket writable again. */
START_TEST(a_slow_reader_is_not_closed)
{
    static char bytes[32768];
    struct pollfd nothing = {.fd = -1};

    prepare(LINED_PASSIVE);
    options.send_timeout_ms = 1000;
    lined_server *server = start_server();
    int client = dial_narrow(lined_server_port(server), 65536);
    stop_reading(client);
    struct pollfd readable = {.fd = client, .events = POLLIN};
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(poll(&readable, 1, 10000), 1);
        ck_assert_int_gt(recv(client, bytes, sizeof bytes, 0), 0);
        poll(&nothing, 1, 100); /* this is the slowness that is tested, not a wait */
    }
    ck_assert_uint_eq(watch_count_closed(&watch), 0);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

START_TEST(a_client_that_talks_is_not_idle)
{
    struct pollfd nothing = {.fd = -1};

    prepare(LINED_PASSIVE);
    options.idle_timeout_ms = 400;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    for (int i = 0; i < 12; i++) {
        say(client, "hello\n");
        expect(client, "Received: hello\n\n");
        poll(&nothing, 1, 100); /* silence, but less than is allowed */
    }
    ck_assert_uint_eq(watch_count_closed(&watch), 0);
    hang_up(client);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_idle_client_is_closed,
        an_idle_client_with_enlarged_buffers_is_closed,
        a_client_that_does_not_read_is_closed_alone,
        a_slow_reader_is_not_closed,
        a_client_that_talks_is_not_idle,
    };
    return suite_run("slow_clients", tests, sizeof tests / sizeof tests[0]);
}
