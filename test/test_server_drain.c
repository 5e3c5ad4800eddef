/* A drain: received lines are answered, and what is left at the deadline is cut. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "waiting_handler.h"
#include "watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lined.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(a_drain_answers_what_was_received)
{
    enum { LINES = 20000 };
    static char lines[5 + LINES * 2] = "wait\n";

    for (size_t i = 0; i < LINES; i++)
        memcpy(lines + 5 + i * 2, "x\n", 2);
    prepare(LINED_PASSIVE);
    lined_server *server = start_waiting_handler();
    int client = dial(lined_server_port(server));
    say_bytes(client, lines, sizeof lines);
    sem_wait(&arrived);
    await_acknowledged(client, 1 + sizeof lines);
    lined_server_drain(server);
    sem_post(&go_on);
    expect_bytes(client, lines, sizeof lines);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_eq(watch.last_reason, LINED_STOPPING);
    ck_assert_uint_eq(stats_of(server).lines, LINES + 1);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

/* A client that sends lines without a pause, and one that reads its replies, until the server has
 * had enough. Threads: processes would hold the server's descriptors open as well. */
static void *talk_without_end(void *client)
{
    while (say_what_it_takes(*(int *)client, "x\nx\nx\nx\n", 8) == 8)
        continue;
    return NULL;
}

static void *listen_to_the_end(void *client)
{
    drink(*(int *)client);
    return NULL;
}

START_TEST(a_client_that_never_pauses_does_not_keep_a_drain_up)
{
    pthread_t talker, reader;

    prepare(LINED_PASSIVE);
    options.drain_timeout_ms = 100 * 1000;
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    ck_assert_int_eq(pthread_create(&talker, NULL, talk_without_end, &client), 0);
    ck_assert_int_eq(pthread_create(&reader, NULL, listen_to_the_end, &client), 0);
    watch_await_lines(&watch, 1000);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_eq(pthread_join(talker, NULL), 0);
    ck_assert_int_eq(pthread_join(reader, NULL), 0);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

/* The replies are in the server's kernel, for the client does not read. Bytes that
 * are not handled come in: closing now would be a reset, and the replies would be lost. */
START_TEST(a_drain_waits_until_the_client_has_its_replies)
{
    enum { LINES = 40000 };
    static char lines[LINES];

    memset(lines, '\n', sizeof lines);
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial_narrow(lined_server_port(server), 4096);
    say_bytes(client, lines, sizeof lines);
    watch_await_lines(&watch, LINES);
    lined_server_drain(server);
    say_what_it_takes(client, "unfinished", 10);
    ck_assert_uint_eq(drink(client), (size_t)LINES * 12);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

START_TEST(a_drain_does_not_wait_for_a_client_that_is_gone)
{
    enum { LINES = 40000 };
    static char lines[LINES];

    memset(lines, '\n', sizeof lines);
    prepare(LINED_PASSIVE);
    options.drain_timeout_ms = 1000 * 1000;
    lined_server *server = start_server();
    int client = dial_narrow(lined_server_port(server), 4096);
    say_bytes(client, lines, sizeof lines);
    watch_await_lines(&watch, LINES);
    lined_server_drain(server);
    hang_up_rudely(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(a_drain_tells_an_ended_client_from_one_that_stays)
{
    prepare(LINED_PASSIVE);
    options.partial = LINED_PARTIAL_DELIVER;
    lined_server *server = start_waiting_handler();
    int client = dial(lined_server_port(server));

    say(client, "wait\nx\ntail");
    half_close(client);
    sem_wait(&arrived);
    await_acknowledged(client, 1 + 11 + 1);
    lined_server_drain(server);
    sem_post(&go_on);
    expect(client, "wait\nx\ntail");
    expect_eof(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_eq(watch.last_reason, LINED_EOF);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

static void dial_in_vain(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(fd);
}

START_TEST(a_drain_ends_idle_clients_and_takes_no_new_ones)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    lined_server_drain(server);
    expect_eof(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_eq(watch.last_reason, LINED_STOPPING);
    dial_in_vain(lined_server_port(server));
    hang_up(client);
    lined_server_free(server);
}
END_TEST

START_TEST(a_drain_cuts_what_is_left_at_its_deadline)
{
    prepare(LINED_PASSIVE);
    options.drain_timeout_ms = 1000;
    options.send_timeout_ms = 0;
    lined_server *server = start_server();
    int deaf = dial_narrow(lined_server_port(server), 4096);
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    stop_reading(deaf);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_uint_eq(stats_of(server).connections_cut, 1);
    ck_assert_uint_eq(stats_of(server).connected, 0);
    hang_up(deaf);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

START_TEST(a_drain_cuts_although_no_thread_waits_for_the_server)
{
    prepare(LINED_PASSIVE);
    options.drain_timeout_ms = 50;
    options.send_timeout_ms = 0;
    lined_server *server = start_server();
    int deaf = dial_narrow(lined_server_port(server), 4096);

    stop_reading(deaf);
    lined_server_drain(server);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_CUT);
    hang_up(deaf);
    lined_server_free(server);
}
END_TEST

static sem_t is_called, may_return;

static int wait_for_the_cut(void *context, lined_conn *conn, void *state, const char *line,
                            size_t size)
{
    (void)conn;
    (void)state;
    (void)line;
    (void)size;
    sem_post(&is_called);
    while (sem_wait(&may_return) != 0)
        continue;
    return LINED_OK;
}

static void let_return(void *context, uint64_t connections)
{
    (void)context;
    ck_assert_uint_eq(connections, 1);
    sem_post(&may_return);
}

/* The callback returns only after the cut. */
START_TEST(a_drain_cuts_beside_a_callback_that_waits)
{
    static const struct lined_handler waiting = {.line = wait_for_the_cut};
    static const struct lined_observer observer = {.cut = let_return};

    for (enum lined_mode mode = LINED_PASSIVE; mode <= LINED_ACTIVE; mode++) {
        sem_init(&is_called, 0, 0);
        sem_init(&may_return, 0, 0);
        prepare(mode);
        options.drain_timeout_ms = 50;
        options.observer = &observer;
        lined_server *server = start_handler(&waiting);
        int client = dial(lined_server_port(server));
        say(client, "hello\n");
        while (sem_wait(&is_called) != 0)
            continue;
        lined_server_drain(server);
        ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
        hang_up(client);
        lined_server_free(server);
    }
}
END_TEST

START_TEST(a_second_drain_changes_nothing)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    lined_server_drain(server);
    lined_server_drain(server);
    expect_eof(client);
    hang_up(client);
    finish(server); /* a third */
}
END_TEST

enum { LONG_REPLY = 300 * 1024 };

static int reply_at_length(void *context, lined_conn *conn, void *state, const char *line,
                           size_t size)
{
    static char reply[LONG_REPLY];
    int result = lined_send(conn, reply, sizeof reply);

    return result == LINED_OK ? LINED_END : result;
}

/* The connection has ended its side and waits for the client; bytes that the client sends then must
 * not be answered by a reset, which would drop the end of the reply. */
START_TEST(a_drain_takes_nothing_from_a_lingering_connection)
{
    static const struct lined_handler handler = {.line = reply_at_length};

    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&handler);
    int client = dial_narrow(lined_server_port(server), 65536);
    say(client, "hello\n");
    watch_await_closed(&watch, 1); /* all is sent; the thread lingers, or is about to */
    lined_server_drain(server);
    say(client, "more\n");
    ck_assert_uint_eq(drink(client), LONG_REPLY); /* a reset may follow, for the line */
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

/* It was accepted just before, and sends its first line without knowing of the drain. */
static bool is_answered_after_the_drain(void)
{
    char reply[64];
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    struct pollfd end = {.fd = client, .events = POLLIN};

    AWAIT(stats_of(server).connected == 1);
    lined_server_drain(server);
    bool has_ended = poll(&end, 1, 10) == 1;
    if (!has_ended)
        say(client, "hello\n");
    bool is_answered = receive_rest(client, reply, sizeof reply) == strlen("Received: hello\n\n");
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
    return is_answered;
}

/* The time for this is short: a busy machine may miss it, but not each time. */
START_TEST(the_first_line_of_a_new_client_is_awaited)
{
    bool is_answered = false;

    for (int tries = 0; tries < 50 && !is_answered; tries++) {
        prepare(LINED_PASSIVE);
        is_answered = is_answered_after_the_drain();
    }
    ck_assert(is_answered);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_drain_takes_nothing_from_a_lingering_connection,
        a_drain_answers_what_was_received,
        a_client_that_never_pauses_does_not_keep_a_drain_up,
        a_drain_waits_until_the_client_has_its_replies,
        a_drain_does_not_wait_for_a_client_that_is_gone,
        a_drain_tells_an_ended_client_from_one_that_stays,
        a_drain_ends_idle_clients_and_takes_no_new_ones,
        a_drain_cuts_what_is_left_at_its_deadline,
        a_drain_cuts_although_no_thread_waits_for_the_server,
        a_drain_cuts_beside_a_callback_that_waits,
        a_second_drain_changes_nothing,
        the_first_line_of_a_new_client_is_awaited,
    };
    return suite_run("server_drain", tests, sizeof tests / sizeof tests[0]);
}
