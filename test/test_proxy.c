/* Clients behind a proxy, in both modes. */
#include "await.h"
#include "clock.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define V1            "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"
#define V2_SIGNATURE  "\r\n\r\n\0\r\nQUIT\n"
#define V2            V2_SIGNATURE "\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb"
#define V2_LOCAL      V2_SIGNATURE "\x20\0\0\0"
#define CLIENT        "192.0.2.7:56324\n"
#define SAY(fd, text) say_bytes(fd, text, sizeof(text) - 1)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char opened_peer[LINED_PEER_SIZE]; /* lock; of the last that was opened */
static _Atomic int opens;

static void saw_opened(void *context, lined_conn *conn, void **slot)
{
    pthread_mutex_lock(&lock);
    lined_peer(conn, opened_peer);
    pthread_mutex_unlock(&lock);
}

/* After an answer or a close. */
static void expect_opened(const char *peer)
{
    pthread_mutex_lock(&lock);
    ck_assert_msg(strncmp(opened_peer, peer, strlen(peer)) == 0, "%s", opened_peer);
    pthread_mutex_unlock(&lock);
}

static int count_open(void *context, lined_conn *conn, void **state)
{
    atomic_fetch_add(&opens, 1);
    return LINED_OK;
}

static int tell_peer(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    char text[LINED_PEER_SIZE + 1];

    lined_peer(conn, text);
    strcat(text, "\n");
    return lined_send(conn, text, strlen(text));
}

static const struct lined_handler telling = {.open = count_open, .line = tell_peer};

static void prepare_proxy(int mode, enum lined_proxy_protocol protocol)
{
    prepare((enum lined_mode)mode);
    atomic_store(&opens, 0);
    watch.observer.opened = saw_opened;
    options.proxy_protocol = protocol;
    options.proxy_from = "127.0.0.1";
}

static lined_server *start_proxy(int mode, enum lined_proxy_protocol protocol)
{
    prepare_proxy(mode, protocol);
    return start_handler(&telling);
}

static int dial_server(lined_server *server)
{
    return dial_from(INADDR_LOOPBACK, lined_server_port(server));
}

START_TEST(a_header_and_a_line_may_come_together)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int one = dial_server(server);
    int other = dial_server(server);

    SAY(one, V1 "hello\n");
    expect(one, CLIENT);
    expect_opened("192.0.2.7:56324");
    SAY(other, V2 "hello\nagain\n");
    expect(other, CLIENT CLIENT);
    hang_up(one);
    hang_up(other);
    finish(server);
}
END_TEST

/* Each byte is on its own in the server before the next one is sent. */
static void say_slowly(int client, const char *bytes, size_t size)
{
    uint64_t before = acknowledged(client);

    for (size_t i = 0; i < size; i++) {
        say_bytes(client, bytes + i, 1);
        await_acknowledged(client, before + i + 1);
    }
}

START_TEST(a_header_may_come_byte_by_byte)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int one = dial_server(server);
    int other = dial_server(server);

    say_slowly(one, V1 "hello\n", sizeof V1 "hello\n" - 1);
    expect(one, CLIENT);
    say_slowly(other, V2 "hello\n", sizeof V2 "hello\n" - 1);
    expect(other, CLIENT);
    hang_up(one);
    hang_up(other);
    finish(server);
}
END_TEST

START_TEST(every_byte_is_counted)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_V1);
    int client = dial_server(server);

    SAY(client, V1 "hello\nrest");
    expect(client, CLIENT);
    hang_up(client);
    watch_await_closed(&watch, 1);
    AWAIT(stats_of(server).connected == 0);
    ck_assert_uint_eq(stats_of(server).bytes_in, sizeof V1 "hello\nrest" - 1);
    ck_assert_uint_eq(stats_of(server).bytes_dropped, 4);
    ck_assert_uint_eq(stats_of(server).lines, 1);
    finish(server);
}
END_TEST

START_TEST(a_header_may_be_long)
{
    enum { LENGTH = 65535 };
    static char header[16 + LENGTH] = V2;
    lined_server *server = start_proxy(_i, LINED_PROXY_V2);
    int client = dial_server(server);

    header[14] = header[15] = '\xff';
    say_bytes(client, header, sizeof header);
    say(client, "hello\n");
    expect(client, CLIENT);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(from_other_addresses_no_header_is_expected)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int client = dial_from(INADDR_LOOPBACK + 1, lined_server_port(server));

    SAY(client, V1);
    expect(client, "127.0.0.2:"); /* the header is a line like any other */
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_local_connection_has_its_own_address)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int checks[2] = {dial_server(server), dial_server(server)};

    SAY(checks[0], V2_LOCAL "hello\n");
    SAY(checks[1], "PROXY UNKNOWN\r\nhello\n");
    for (int i = 0; i < 2; i++) {
        expect(checks[i], "127.0.0.1:");
        hang_up(checks[i]);
    }
    finish(server);
}
END_TEST

/* Returns the number of bytes that the client got. */
static size_t expect_bad(lined_server *server, const char *bytes, size_t size)
{
    uint64_t before = stats_of(server).bad_proxy_headers;
    size_t closed = watch_count_closed(&watch);
    int client = dial_server(server);

    say_what_it_takes(client, bytes, size);
    ck_assert_int_eq(watch_await_closed(&watch, closed + 1), LINED_BAD_PROXY_HEADER);
    expect_opened("127.0.0.1:");
    size_t received = drink(client);
    hang_up(client);
    AWAIT(stats_of(server).bad_proxy_headers == before + 1);
    return received;
}

START_TEST(a_bad_header_ends_the_connection)
{
    /* The maximum is 107 bytes. */
    static const char too_long[] =
        "PROXY UNKNOWN ........................................................................"
        "..............................................................\r\nhello\n";
    static const char *const bad[] = {
        "hello\n",
        "PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\nhello\n",
        too_long,
        "\r\n\r\nhello\n",
    };
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_uint_eq(expect_bad(server, bad[i], strlen(bad[i])), 0);
    ck_assert_uint_eq(stats_of(server).rejected, 0);
    ck_assert_int_eq(atomic_load(&opens), 0);
    finish(server);
    ck_assert_uint_eq(watch.lines, 0);
}
END_TEST

START_TEST(only_the_version_of_the_option_is_good)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_V1);
    expect_bad(server, V2 "hello\n", sizeof V2 "hello\n" - 1);
    finish(server);
    server = start_proxy(_i, LINED_PROXY_V2);
    expect_bad(server, V1 "hello\n", sizeof V1 "hello\n" - 1);
    finish(server);
}
END_TEST

START_TEST(a_header_has_three_seconds)
{
    enum { DEADLINE_MS = 3000 };
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int64_t began = now_ms();
    int silent = dial_server(server);
    int slow = dial_server(server);

    SAY(slow, "PROXY TCP4 192.0.2");
    ck_assert_int_eq(watch_await_closed(&watch, 2), LINED_BAD_PROXY_HEADER);
    ck_assert_int_ge(now_ms() - began, DEADLINE_MS);
    expect_eof(silent);
    ck_assert_uint_eq(drink(slow), 0);
    hang_up(silent);
    hang_up(slow);
    int good = dial_server(server); /* after the header the deadline is over */
    SAY(good, V1 "hello\n");
    expect(good, CLIENT);
    began = now_ms();
    AWAIT(now_ms() - began > DEADLINE_MS + 500);
    SAY(good, "again\n");
    expect(good, CLIENT);
    hang_up(good);
    AWAIT(stats_of(server).bad_proxy_headers == 2);
    finish(server);
}
END_TEST

START_TEST(the_session_may_end_before)
{
    prepare_proxy(_i, LINED_PROXY_ANY);
    options.session_timeout_ms = 100;
    lined_server *server = start_handler(&telling);
    int client = dial_server(server);
    SAY(client, "PROXY ");
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SESSION_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_check_that_only_connects_is_no_bad_header)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int check = dial_server(server);

    half_close(check);
    expect_eof(check);
    hang_up(check);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    check = dial_server(server);
    say(check, "PROXY UNKN");
    half_close(check);
    ck_assert_int_eq(watch_await_closed(&watch, 2), LINED_BAD_PROXY_HEADER);
    hang_up(check);
    finish(server);
}
END_TEST

START_TEST(a_drain_ends_the_wait_for_a_header)
{
    static const char begun[] = "PROXY TCP4 192.";
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int slow = dial_server(server);

    say(slow, begun);
    await_acknowledged(slow, sizeof begun); /* the SYN counts */
    AWAIT(stats_of(server).connected == 1);
    finish(server);
    ck_assert_int_eq(watch.last_reason, LINED_STOPPING);
    ck_assert_int_eq(atomic_load(&opens), 0);
    hang_up(slow);
}
END_TEST

/* What the kernel had received when the drain began is handled. */
START_TEST(a_drain_loses_no_line_behind_a_header)
{
    static const char all[] = V1 "hello\nagain\n";
    lined_server *server;

    prepare_proxy(_i, LINED_PROXY_ANY);
    ck_assert_int_eq(lined_server_new(&server, &options, &telling, NULL), LINED_OK);
    int client = dial_server(server); /* waits in the backlog */
    SAY(client, V1 "hello\nagain\n");
    await_acknowledged(client, sizeof all);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    lined_server_drain(server);
    expect(client, CLIENT CLIENT);
    expect_eof(client);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_cut_ends_the_wait_for_a_header)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int silent = dial_server(server);

    AWAIT(stats_of(server).connected == 1);
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_int_eq(watch.last_reason, LINED_CUT);
    lined_server_free(server);
    hang_up(silent);
}
END_TEST

START_TEST(nothing_is_pushed_before_the_header)
{
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int client = dial_server(server);

    AWAIT(stats_of(server).connected == 1);
    ck_assert_uint_eq(lined_broadcast(server, "x", 1, (lined_handle){0}), 0);
    SAY(client, V1 "hello\n");
    expect(client, CLIENT);
    ck_assert_uint_eq(lined_broadcast(server, "x", 1, (lined_handle){0}), 1);
    expect(client, "x");
    hang_up(client);
    finish(server);
}
END_TEST

static bool note_peer(void *text, const struct lined_conn_info *info)
{
    snprintf(text, LINED_PEER_SIZE, "%s", info->peer);
    return true;
}

START_TEST(a_list_has_the_address_of_the_header)
{
    char peer[LINED_PEER_SIZE] = "none";
    lined_server *server = start_proxy(_i, LINED_PROXY_ANY);
    int client = dial_server(server);

    AWAIT(stats_of(server).connected == 1);
    lined_foreach(server, note_peer, peer);
    ck_assert_str_eq(peer, "none"); /* the connection is not open yet */
    SAY(client, V1);
    do
        lined_foreach(server, note_peer, peer);
    while (strcmp(peer, "none") == 0);
    ck_assert_str_eq(peer, "192.0.2.7:56324");
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(the_greeting_comes_after_the_header)
{
    prepare_proxy(_i, LINED_PROXY_ANY);
    options.greeting = "hi";
    options.deny = "192.0.2.8";
    lined_server *server = start_handler(&telling);
    int client = dial_server(server);
    SAY(client, V1);
    expect(client, "hi\n");
    int denied = dial_server(server);
    SAY(denied, "PROXY TCP4 192.0.2.8 198.51.100.1 1 2\r\n");
    ck_assert_uint_eq(drink(denied), 0);
    hang_up(client);
    hang_up(denied);
    finish(server);
}
END_TEST

/* The limit is that of the address in the header, and is free again at once after an end. */
START_TEST(addresses_behind_a_proxy_have_their_limit)
{
    static const char other[] = "PROXY TCP6 2001:db8::7 ::1 1 2\r\nhello\n";
    prepare_proxy(_i, LINED_PROXY_ANY);
    options.max_per_ip = 1;
    lined_server *server = start_handler(&telling);
    int clients[2] = {dial_server(server), dial_server(server)};

    SAY(clients[0], V1 "hello\n");
    expect(clients[0], CLIENT);
    SAY(clients[1], other);
    expect(clients[1], "[2001:db8::7]:1\n");
    int above = dial_server(server);
    SAY(above, V2 "hello\n");
    expect(above, "Too many connections from your address\n");
    expect_eof(above);
    hang_up(above);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_OVER_LIMIT);
    ck_assert_uint_eq(stats_of(server).rejected_per_ip, 1);
    ck_assert_int_eq(atomic_load(&opens), 2);
    hang_up(clients[1]);
    for (int i = 0; i < 100; i++) { /* a client that has seen the end may come again */
        half_close(clients[0]);
        expect_eof(clients[0]);
        hang_up(clients[0]);
        clients[0] = dial_server(server);
        SAY(clients[0], V1 "hello\n");
        expect(clients[0], CLIENT);
    }
    hang_up(clients[0]);
    ck_assert_uint_eq(stats_of(server).rejected_per_ip, 1);
    finish(server);
}
END_TEST

START_TEST(addresses_behind_a_proxy_are_allowed_or_denied)
{
    prepare_proxy(_i, LINED_PROXY_ANY);
    options.allow = "192.0.2.0/24,127.0.0.3";
    options.deny = "192.0.2.8";
    lined_server *server = start_handler(&telling);
    int good = dial_server(server);
    SAY(good, V1 "hello\n");
    expect(good, CLIENT);
    int denied = dial_server(server);
    SAY(denied, "PROXY TCP4 192.0.2.8 198.51.100.1 1 2\r\n");
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_DENIED);
    expect_opened("192.0.2.8:1");
    ck_assert_uint_eq(drink(denied), 0);
    ck_assert_uint_eq(stats_of(server).rejected_denied, 1);
    ck_assert_int_eq(atomic_load(&opens), 1);
    hang_up(good);
    hang_up(denied);
    finish(server);
}
END_TEST

START_TEST(clients_of_a_unix_socket_are_proxies)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval deadline = {.tv_sec = 30};
    char folder[] = "/tmp/lined-proxy-XXXXXX";
    char text[128];
    lined_server *server;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    snprintf(text, sizeof text, "unix:%s", address.sun_path);
    prepare_proxy(_i, LINED_PROXY_ANY);
    options.ip = NULL;
    ck_assert_int_eq(lined_server_new(&server, &options, &telling, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_listen(server, text), LINED_OK);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    for (int i = 0; i < 2; i++) {
        int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
        ck_assert_int_eq(connect(client, (struct sockaddr *)&address, sizeof address), 0);
        if (i == 0)
            SAY(client, V2 "hello\n");
        else
            SAY(client, V2_LOCAL "hello\n");
        expect(client, i == 0 ? CLIENT : text);
        hang_up(client);
    }
    finish(server);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_protocol_needs_networks)
{
    lined_server *server;

    prepare_proxy(_i, LINED_PROXY_V1);
    options.proxy_from = NULL;
    ck_assert_int_eq(lined_server_new(&server, &options, &telling, NULL), -EINVAL);
    options.proxy_from = "127.0.0.1/8";
    ck_assert_int_eq(lined_server_new(&server, &options, &telling, NULL), -EINVAL);
    options.proxy_from = "127.0.0.1";
    options.proxy_protocol = LINED_PROXY_NONE;
    ck_assert_int_eq(lined_server_new(&server, &options, &telling, NULL), -EINVAL);
    options.proxy_protocol = (enum lined_proxy_protocol)(LINED_PROXY_ANY + 1);
    ck_assert_int_eq(lined_server_new(&server, &options, &telling, NULL), -EINVAL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_header_and_a_line_may_come_together,
        a_header_may_come_byte_by_byte,
        every_byte_is_counted,
        a_header_may_be_long,
        from_other_addresses_no_header_is_expected,
        a_local_connection_has_its_own_address,
        a_bad_header_ends_the_connection,
        only_the_version_of_the_option_is_good,
        a_header_has_three_seconds,
        the_session_may_end_before,
        a_check_that_only_connects_is_no_bad_header,
        a_drain_ends_the_wait_for_a_header,
        a_drain_loses_no_line_behind_a_header,
        a_cut_ends_the_wait_for_a_header,
        nothing_is_pushed_before_the_header,
        a_list_has_the_address_of_the_header,
        the_greeting_comes_after_the_header,
        addresses_behind_a_proxy_have_their_limit,
        addresses_behind_a_proxy_are_allowed_or_denied,
        clients_of_a_unix_socket_are_proxies,
        a_protocol_needs_networks,
    };
    return suite_run_loop("proxy", tests, sizeof tests / sizeof tests[0], 2);
}
