/* Active delivery: one thread, the dispatcher, runs all callbacks. */
#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "waiting_handler.h"

#include <errno.h>
#include <lined.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINES_EACH 200

static lined_server *start(const struct lined_handler *handler)
{
    prepare(LINED_ACTIVE);
    return start_handler(handler);
}

START_TEST(a_half_closing_client_gets_every_reply)
{
    lined_server *server = start(&lined_handler_received);
    int client = dial(lined_server_port(server));

    say(client, "a\nb\n");
    half_close(client);
    expect(client, "Received: a\n\nReceived: b\n\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

START_TEST(a_client_that_sends_and_vanishes_disturbs_no_other)
{
    enum { TIMES = 200 };
    lined_server *server = start(&lined_handler_received);
    int client = dial(lined_server_port(server));

    for (int i = 0; i < TIMES; i++) {
        int rude = dial(lined_server_port(server));
        say(rude, "hello\nand\ngone\n");
        hang_up_rudely(rude);
        say(client, "still\n");
        expect(client, "Received: still\n\n");
    }
    hang_up(client);
    watch_await_closed(&watch, TIMES + 1);
    finish(server);
}
END_TEST

/* A counter without a lock, and a flag that sees whether two callbacks ever run at once. */
static long counter;
static atomic_flag is_inside = ATOMIC_FLAG_INIT;
static pthread_t dispatcher;

static void enter(void)
{
    ck_assert(!atomic_flag_test_and_set(&is_inside));
    if (counter++ == 0)
        dispatcher = pthread_self();
    ck_assert(pthread_equal(dispatcher, pthread_self()));
}

static void leave(void)
{
    atomic_flag_clear(&is_inside);
}

static int open_counting(void *context, lined_conn *conn, void **state)
{
    (void)conn;
    enter();
    *state = NULL;
    leave();
    return LINED_OK;
}

static int line_counting(void *context, lined_conn *conn, void *state, const char *line,
                         size_t size)
{
    (void)state;
    enter();
    int result = lined_send(conn, line, size);
    leave();
    return result;
}

static void close_counting(void *context, lined_conn *conn, void *state, int reason)
{
    (void)conn;
    (void)state;
    (void)reason;
    enter();
    leave();
}

static const struct lined_handler counting = {
    .open = open_counting, .line = line_counting, .close = close_counting};

/* Clients are threads: processes would hold the server's descriptors open as well. */
struct client {
    pthread_t thread;
    int number;
    uint16_t port;
    int fd;
};

/* Says lines, ten at a time, and reads all of them back. */
static void *echo_lines(void *argument)
{
    struct client *client = argument;
    char line[64];
    int fd = dial(client->port);

    for (int done = 0; done < LINES_EACH; done += 10) {
        for (int i = done; i < done + 10; i++) {
            snprintf(line, sizeof line, "client %d line %d\n", client->number, i);
            say(fd, line);
        }
        for (int i = done; i < done + 10; i++) {
            snprintf(line, sizeof line, "client %d line %d\n", client->number, i);
            expect(fd, line);
        }
    }
    hang_up(fd);
    return NULL;
}

START_TEST(callbacks_never_run_at_once_and_need_no_lock)
{
    enum { CLIENTS = 50 };
    struct client clients[CLIENTS];
    lined_server *server = start(&counting);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.number = i, .port = lined_server_port(server)};
        ck_assert_int_eq(pthread_create(&clients[i].thread, NULL, echo_lines, &clients[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_join(clients[i].thread, NULL), 0);
    watch_await_closed(&watch, CLIENTS);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.lines, (uint64_t)CLIENTS * LINES_EACH);
    ck_assert_uint_ge(stats.mailbox_peak, 1);
    ck_assert_uint_le(stats.mailbox_peak, CLIENTS); /* one message a connection at most */
    finish(server);
    ck_assert_int_eq(counter, CLIENTS * (LINES_EACH + 2));
}
END_TEST

START_TEST(a_client_that_does_not_read_stalls_no_other)
{
    enum { CLIENTS = 49 };
    lined_server *server = start(&lined_handler_received);
    int deaf = dial_narrow(lined_server_port(server), 4096);
    stop_reading(deaf);
    int clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial(lined_server_port(server));
    for (int i = 0; i < CLIENTS; i++)
        say(clients[i], "hello\n");
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    hang_up(deaf);
    watch_await_closed(&watch, CLIENTS + 1);
    finish(server);
}
END_TEST

static char many_lines[3000 * 101];

static void *say_many_lines(void *argument)
{
    struct client *client = argument;

    say_bytes(client->fd, many_lines, sizeof many_lines);
    half_close(client->fd);
    return NULL;
}

START_TEST(a_large_batch_takes_several_messages)
{
    enum { LINES = 3000 };
    static char replies[LINES * 112];
    char *lines = many_lines;
    struct client client;

    for (size_t i = 0; i < LINES; i++) {
        memset(lines + i * 101, 'x', 100);
        lines[i * 101 + 100] = '\n';
        memcpy(replies + i * 112, "Received: ", 10);
        memcpy(replies + i * 112 + 10, lines + i * 101, 101);
        replies[i * 112 + 111] = '\n';
    }
    lined_server *server = start(&lined_handler_received);
    client.fd = dial(lined_server_port(server));
    ck_assert_int_eq(pthread_create(&client.thread, NULL, say_many_lines, &client), 0);
    expect_bytes(client.fd, replies, sizeof replies);
    expect_eof(client.fd);
    ck_assert_int_eq(pthread_join(client.thread, NULL), 0);
    hang_up(client.fd);
    finish(server);
}
END_TEST

/* More than a message's replies gather on the way: "big" is answered with 100,000 bytes. */
static int answer_much(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    static const char much[100000];

    (void)state;
    if (size >= 4 && memcmp(line, "huge", 4) == 0) {
        int result = LINED_OK;
        for (int i = 0; i < 200 && result == LINED_OK; i++)
            result = lined_send(conn, much, sizeof much);
        ck_assert_int_eq(lined_flush(conn), result); /* a failure is permanent */
        return result;
    }
    if (size == 4 && memcmp(line, "end\n", 4) == 0) {
        int result = lined_send(conn, "bye", 3);
        return result == LINED_OK ? LINED_END : result;
    }
    return lined_send(conn, much, sizeof much);
}

START_TEST(large_replies_are_sent_whole)
{
    static const char much[300000];
    static const struct lined_handler generous = {.line = answer_much};
    lined_server *server = start(&generous);
    int client = dial(lined_server_port(server));

    say(client, "big\nbig\nbig\nend\nbig\n");
    expect_bytes(client, much, sizeof much);
    expect(client, "bye");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_END);
    ck_assert_uint_eq(watch.lines, 4); /* what comes after the end is not handled, nor logged */
    client = dial(lined_server_port(server));
    say(client, "huge\n"); /* 20 MB in one reply */
    drink(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 2), -ENOBUFS);
    finish(server);
}
END_TEST

static void *talk_until_the_end(void *argument)
{
    struct client *client = argument;
    char echo[4];

    while (say_what_it_takes(client->fd, "x\nx\n", 4) == 4 &&
           recv(client->fd, echo, sizeof echo, MSG_WAITALL) == 4)
        continue;
    hang_up(client->fd);
    return NULL;
}

START_TEST(a_drain_and_a_stop_end_it_under_load)
{
    enum { CLIENTS = 20 };
    struct client clients[CLIENTS];

    for (int round = 0; round < 10; round++) {
        lined_server *server = start(&counting);
        for (int i = 0; i < CLIENTS; i++) {
            clients[i].fd = dial(lined_server_port(server));
            ck_assert_int_eq(
                pthread_create(&clients[i].thread, NULL, talk_until_the_end, &clients[i]), 0);
        }
        watch_await_lines(&watch, 1000);
        if (round % 2 == 0) {
            lined_server_drain(server);
            ck_assert_int_eq(lined_server_wait(server), LINED_OK);
        }
        lined_server_free(server);
        for (int i = 0; i < CLIENTS; i++)
            ck_assert_int_eq(pthread_join(clients[i].thread, NULL), 0);
        counter = 0;
    }
}
END_TEST

START_TEST(a_stop_is_seen_between_two_lines_of_a_message)
{
    prepare(LINED_ACTIVE);
    lined_server *server = start_waiting_handler();
    int client = dial(lined_server_port(server));
    say(client, "wait\na\nb\nc\nd\n");
    sem_wait(&arrived);
    lined_server_stop(server);
    sem_post(&go_on);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.lines, 1);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

/* A megabyte for each line: they would not fit if the dispatcher handled all of them at once. */
static int answer_a_megabyte(void *context, lined_conn *conn, void *state, const char *line,
                             size_t size)
{
    static const char megabyte[1024 * 1024];

    (void)state;
    (void)line;
    (void)size;
    return lined_send(conn, megabyte, sizeof megabyte);
}

START_TEST(the_dispatcher_sends_replies_in_between)
{
    static const struct lined_handler lavish = {.line = answer_a_megabyte};
    lined_server *server = start(&lavish);
    int client = dial(lined_server_port(server));

    say(client, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                "\n\n\n\n\n\n\n\n");
    half_close(client);
    ck_assert_uint_eq(drink(client), (size_t)40 * 1024 * 1024);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

START_TEST(a_stop_ends_it_with_a_client_that_does_not_read)
{
    lined_server *server = start(&lined_handler_received);
    int deaf = dial_narrow(lined_server_port(server), 4096);
    stop_reading(deaf);

    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    lined_server_free(server);
    hang_up(deaf);
}
END_TEST

START_TEST(an_active_and_a_passive_server_live_side_by_side)
{
    lined_server *active = start(&lined_handler_received);
    lined_server *passive;
    struct lined_options other = options;

    other.mode = LINED_PASSIVE;
    ck_assert_int_eq(lined_server_new(&passive, &other, &lined_handler_received, NULL), LINED_OK);
    ck_assert_int_eq(lined_server_start(passive), LINED_OK);
    int one = dial(lined_server_port(active));
    int two = dial(lined_server_port(passive));
    say(one, "one\n");
    say(two, "two\n");
    expect(one, "Received: one\n\n");
    expect(two, "Received: two\n\n");
    lined_server_free(active); /* the first that was started goes first */
    say(two, "still\n");
    expect(two, "Received: still\n\n");
    hang_up(one);
    hang_up(two);
    finish(passive);
}
END_TEST

static atomic_int opened;
static sem_t line_came, line_may_end;

static int count_opened(void *context, lined_conn *conn, void **state)
{
    (void)conn;
    (void)state;
    atomic_fetch_add(&opened, 1);
    return LINED_OK;
}

static int hold_the_dispatcher(void *context, lined_conn *conn, void *state, const char *line,
                               size_t size)
{
    (void)conn;
    (void)state;
    (void)line;
    (void)size;
    sem_post(&line_came);
    while (sem_wait(&line_may_end) != 0)
        continue;
    return LINED_OK;
}

START_TEST(no_connection_is_opened_after_a_cut)
{
    static const struct lined_handler handler = {.open = count_opened, .line = hold_the_dispatcher};
    struct lined_stats stats;

    sem_init(&line_came, 0, 0);
    sem_init(&line_may_end, 0, 0);
    lined_server *server = start(&handler);
    int first = dial(lined_server_port(server));
    say(first, "hello\n");
    while (sem_wait(&line_came) != 0)
        continue;
    int second = dial(lined_server_port(server));
    int third = dial(lined_server_port(server));
    do { /* until both wait for the dispatcher */
        lined_server_stats(server, &stats, sizeof stats);
        sched_yield();
    } while (stats.mailbox_peak < 2);
    lined_server_stop(server);
    sem_post(&line_may_end);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_int_eq(atomic_load(&opened), 1);
    hang_up(first);
    hang_up(second);
    hang_up(third);
    lined_server_free(server);
}
END_TEST

/* A callback that ends its own server. */
static int stop_server(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    int result = lined_send(conn, line, size);
    if (line[0] == 's')
        lined_server_stop(lined_conn_server(conn));
    else
        lined_server_drain(lined_conn_server(conn));
    return result;
}

START_TEST(a_callback_can_end_its_server)
{
    static const struct lined_handler stopping = {.line = stop_server};

    for (int round = 0; round < 4; round++) {
        lined_server *server = start(&stopping); /* active; the passive one is started beside it */
        lined_server *passive;
        struct lined_options other = options;
        other.mode = LINED_PASSIVE;
        ck_assert_int_eq(lined_server_new(&passive, &other, &stopping, NULL), LINED_OK);
        ck_assert_int_eq(lined_server_start(passive), LINED_OK);
        lined_server *ended = round % 2 == 0 ? server : passive;
        bool is_stop = round < 2;
        int client = dial(lined_server_port(ended));
        say(client, is_stop ? "stop\n" : "drain\n");
        ck_assert_int_eq(lined_server_wait(ended), is_stop ? LINED_CUT : LINED_OK);
        if (!is_stop)
            expect(client, "drain\n");
        hang_up(client);
        lined_server_free(server);
        lined_server_free(passive);
    }
}
END_TEST

static int no_task(void *context, lined_conn *conn, void *state)
{
    (void)conn;
    (void)state;
    return LINED_END;
}

START_TEST(a_task_is_rejected_in_active_mode)
{
    static const struct lined_handler task = {.task = no_task};
    lined_server *server;

    lined_options_init(&options, sizeof options);
    options.port = 0;
    options.mode = LINED_ACTIVE;
    ck_assert_int_eq(lined_server_new(&server, &options, &task, NULL), -EINVAL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_half_closing_client_gets_every_reply,
        a_client_that_sends_and_vanishes_disturbs_no_other,
        callbacks_never_run_at_once_and_need_no_lock,
        a_client_that_does_not_read_stalls_no_other,
        a_large_batch_takes_several_messages,
        large_replies_are_sent_whole,
        a_drain_and_a_stop_end_it_under_load,
        a_stop_is_seen_between_two_lines_of_a_message,
        the_dispatcher_sends_replies_in_between,
        a_stop_ends_it_with_a_client_that_does_not_read,
        an_active_and_a_passive_server_live_side_by_side,
        a_callback_can_end_its_server,
        no_connection_is_opened_after_a_cut,
        a_task_is_rejected_in_active_mode,
    };
    return suite_run("active", tests, sizeof tests / sizeof tests[0]);
}
