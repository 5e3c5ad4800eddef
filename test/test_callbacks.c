/* The callbacks of a handler and of an observer. */
#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lined.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void serve_one_watched_by(const struct lined_observer *observer)
{
    prepare(LINED_PASSIVE);
    options.observer = observer;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    lined_server_free(server);
    hang_up(client);
}

START_TEST(an_observer_and_its_callbacks_are_optional)
{
    static const struct lined_observer blind; /* each of its callbacks may be NULL */

    serve_one_watched_by(NULL);
    serve_one_watched_by(&blind);
}
END_TEST

/* A handler that does what the lines say, and counts. */
static int opened, last_close_reason;

static int open_counting(void *context, lined_conn *conn, void **state)
{
    *state = &opened;
    opened++;
    return lined_send(conn, "hi\n", 3);
}

static int obey(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    char peer[LINED_PEER_SIZE];

    ck_assert_ptr_eq(state, &opened);
    if (size == 4 && memcmp(line, "end\n", 4) == 0) {
        int result = lined_send(conn, "bye\n", 4);
        return result == LINED_OK ? LINED_END : result;
    }
    if (size == 5 && memcmp(line, "fail\n", 5) == 0)
        return -EPROTO;
    lined_peer(conn, peer);
    return lined_send(conn, peer, strlen(peer));
}

static void close_noting(void *context, lined_conn *conn, void *state, int reason)
{
    (void)conn;
    ck_assert_ptr_eq(state, &opened);
    last_close_reason = reason;
}

static const struct lined_handler obedient_handler = {
    .open = open_counting, .line = obey, .close = close_noting};

START_TEST(a_handler_decides_what_is_said_and_when_it_ends)
{
    char peer[LINED_PEER_SIZE];
    struct sockaddr_in address;
    socklen_t size = sizeof address;

    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&obedient_handler);
    int client = dial(lined_server_port(server));

    expect(client, "hi\n"); /* before the client has said anything */
    ck_assert_int_eq(getsockname(client, (struct sockaddr *)&address, &size), 0);
    snprintf(peer, sizeof peer, "127.0.0.1:%u", ntohs(address.sin_port));
    say(client, "peer\n");
    expect(client, peer);
    say(client, "end\nignored\n");
    expect(client, "bye\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_END);
    ck_assert_int_eq(last_close_reason, LINED_END);

    client = dial(lined_server_port(server));
    expect(client, "hi\n");
    say(client, "fail\n");
    drink(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 2), -EPROTO);
    ck_assert_int_eq(last_close_reason, -EPROTO);
    ck_assert_int_eq(opened, 2);
    finish(server);
}
END_TEST

static int reject(void *context, lined_conn *conn, void **state)
{
    (void)conn;
    (void)state;
    return -EACCES;
}

static int answer_with_context(void *context, lined_conn *conn, void *state, const char *line,
                               size_t size)
{
    return lined_send(conn, context, strlen(context));
}

/* Two servers with one handler differ by their contexts. */
START_TEST(callbacks_get_the_context_of_their_server)
{
    static const struct lined_handler handler = {.line = answer_with_context};
    char *const contexts[] = {"one\n", "two\n"};
    lined_server *servers[2];

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        for (int i = 0; i < 2; i++) {
            prepare(mode);
            ck_assert_int_eq(lined_server_new(&servers[i], &options, &handler, contexts[0]),
                             LINED_OK);
            lined_server_set_context(servers[i], contexts[i]);
            ck_assert_int_eq(lined_server_start(servers[i]), LINED_OK);
        }
        for (int i = 0; i < 2; i++) {
            int client = dial(lined_server_port(servers[i]));
            say(client, "\n");
            expect(client, contexts[i]);
            hang_up(client);
            finish(servers[i]);
        }
    }
}
END_TEST

START_TEST(a_handler_can_reject_a_connection)
{
    const struct lined_handler rejecting = {.open = reject, .line = obey, .close = close_noting};

    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&rejecting);
    int client = dial(lined_server_port(server));
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), -EACCES);
    ck_assert_int_eq(last_close_reason, 0); /* close is not called when open has rejected */
    finish(server);
}
END_TEST

START_TEST(reasons_have_words)
{
    static const struct {
        int reason;
        const char *words;
    } cases[] = {
        {LINED_SEND_TIMEOUT, "timeout"},
        {LINED_LINE_TOO_LONG, "line too long"},
        {LINED_LINE_TIMEOUT, "line timeout"},
        {LINED_SESSION_TIMEOUT, "session timeout"},
        {LINED_LOST, "lost"},
        {LINED_CUT, "cut"},
        {LINED_DENIED, "denied"},
        {LINED_OVER_LIMIT, "over limit"},
        {LINED_BAD_PROXY_HEADER, "bad proxy header"},
        {-ETIMEDOUT, "etimedout"},
        {-ECONNRESET, "econnreset"},
        {1000, "unknown reason 1000"},
        {-100000, "unknown reason -100000"},
    };
    char words[LINED_REASON_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lined_reason(cases[i].reason, words);
        ck_assert_str_eq(words, cases[i].words);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_observer_and_its_callbacks_are_optional,
        a_handler_decides_what_is_said_and_when_it_ends,
        callbacks_get_the_context_of_their_server,
        a_handler_can_reject_a_connection,
        reasons_have_words,
    };
    return suite_run("callbacks", tests, sizeof tests / sizeof tests[0]);
}
