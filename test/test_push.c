#define _GNU_SOURCE /* POLLRDHUP, sched_setaffinity */
/* Sending to other connections, in both modes. */
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A handler that does as it is told:
 *   listen   keeps its handle for others to push to
 *   push X   pushes X to the listener, answers with the result
 *   all X    broadcasts X to all other connections, answers with the number that it reached
 *   talk     begins a reply, waits for the test, and finishes it */
static lined_handle listener;
static sem_t begun, go_on;

static bool is(const char *line, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(line, word, size) == 0;
}

static int obey(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    char answer[32];
    size_t result;

    (void)state;
    if (is(line, size, "listen\n")) {
        listener = lined_conn_handle(conn);
        return lined_send(conn, "ok\n", 3);
    }
    if (is(line, size, "talk\n")) {
        static const char first[70000]; /* so much that a part of it is sent at once */
        if (lined_send(conn, first, sizeof first) != LINED_OK)
            return LINED_END;
        sem_post(&begun);
        sem_wait(&go_on);
        return lined_send(conn, "end\n", 4);
    }
    if (size > 5 && memcmp(line, "push ", 5) == 0)
        result = (size_t)lined_push(listener, line + 5, size - 5);
    else
        result =
            lined_broadcast(lined_conn_server(conn), line + 4, size - 4, lined_conn_handle(conn));
    int length = snprintf(answer, sizeof answer, "%zu\n", result);
    return lined_send(conn, answer, (size_t)length);
}

static const struct lined_handler obedient = {.line = obey};

/* Pushes a lot to the connection itself and ends it at once, without a reply. */
static int push_and_end(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    static char much[1000 * 1000];

    (void)state;
    (void)line;
    (void)size;
    memset(much, 'p', sizeof much);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(lined_push(lined_conn_handle(conn), much, sizeof much), LINED_OK);
    return LINED_END;
}

static int dial_listener(lined_server *server)
{
    int client = dial(lined_server_port(server));

    say(client, "listen\n");
    expect(client, "ok\n");
    return client;
}

START_TEST(a_push_arrives_while_its_receiver_waits)
{
    prepare((enum lined_mode)_i);
    lined_server *server = start_handler(&obedient);
    int receiver = dial_listener(server);
    int sender = dial(lined_server_port(server));

    for (int i = 0; i < 100; i++) {
        say(sender, "push hello\n");
        expect(sender, "0\n");
        expect(receiver, "hello\n");
    }
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(a_handle_of_the_gone_is_known_as_such)
{
    char gone[16];

    prepare((enum lined_mode)_i);
    lined_server *server = start_handler(&obedient);
    int receiver = dial_listener(server);
    lined_handle old = listener;
    int sender = dial(lined_server_port(server));

    hang_up(receiver);
    watch_await_closed(&watch, 1);
    int next = dial_listener(server); /* gets the slot of the one that left, or another */
    ck_assert(!lined_handle_is(old, listener));
    listener = old;
    snprintf(gone, sizeof gone, "%d\n", LINED_GONE);
    /* The end was observed; the table drops it a moment later. */
    for (int i = 0; i < 10000 && lined_push(old, "x", 1) != LINED_GONE; i++)
        poll(NULL, 0, 1);
    say(sender, "push hello\n");
    expect(sender, gone);
    ck_assert_int_eq(lined_push((lined_handle){NULL, 0}, "x", 1), LINED_GONE);
    ck_assert_int_eq(lined_push((lined_handle){server, 0}, "x", 1), LINED_GONE);
    ck_assert_int_eq(lined_push((lined_handle){server, UINT64_MAX}, "x", 1), LINED_GONE);
    hang_up(next);
    hang_up(sender);
    finish(server);
}
END_TEST

/* The receiver's own thread is in the middle of a reply, of which a part is sent. */
START_TEST(a_push_never_lands_inside_a_reply)
{
    static const char first[70000];

    prepare(LINED_PASSIVE);
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    lined_server *server = start_handler(&obedient);
    int receiver = dial_listener(server);
    say(receiver, "talk\n");
    sem_wait(&begun);
    ck_assert_int_eq(lined_push(listener, "pushed\n", 7), LINED_OK);
    ck_assert_int_eq(lined_push(listener, "again\n", 6), LINED_OK);
    sem_post(&go_on);
    expect_bytes(receiver, first, sizeof first);
    expect(receiver, "end\npushed\nagain\n");
    hang_up(receiver);
    finish(server);
}
END_TEST

/* All threads from now on: what one sends, another reads only when it has its turn. */
static void share_a_core(void)
{
    cpu_set_t core;

    CPU_ZERO(&core);
    CPU_SET(sched_getcpu(), &core);
    ck_assert_int_eq(sched_setaffinity(0, sizeof core, &core), 0);
}

/* Bytes that the receiver does not take at once wait, and come complete and in order, in several
 * deliveries. */
START_TEST(what_waits_is_delivered_in_order)
{
    enum { MESSAGES = 1000, SIZE = 20000 };
    static char message[SIZE + 1], expected[SIZE + 1];

    prepare((enum lined_mode)_i);
    options.push_limit = (size_t)MESSAGES * SIZE;
    share_a_core();
    lined_server *server = start_handler(&obedient);
    int receiver = dial_narrow(lined_server_port(server), 4096);
    say(receiver, "listen\n");
    expect(receiver, "ok\n");
    for (int i = 0; i < MESSAGES; i++) {
        snprintf(message, sizeof message, "%0*d\n", SIZE - 1, i);
        ck_assert_int_eq(lined_push(listener, message, SIZE), LINED_OK);
    }
    for (int i = 0; i < MESSAGES; i++) {
        snprintf(expected, sizeof expected, "%0*d\n", SIZE - 1, i);
        expect_bytes(receiver, expected, SIZE);
    }
    hang_up(receiver);
    finish(server);
}
END_TEST

/* The same, with replies between: the receiver's thread takes over what waits. */
START_TEST(replies_come_after_what_waited)
{
    enum { SIZE = 8 * 1024 * 1024 };
    static char message[SIZE];

    memset(message, 'm', sizeof message);
    prepare((enum lined_mode)_i);
    options.push_limit = SIZE;
    lined_server *server = start_handler(&obedient);
    int receiver = dial_narrow(lined_server_port(server), 4096);
    say(receiver, "listen\n");
    expect(receiver, "ok\n");
    ck_assert_int_eq(lined_push(listener, message, sizeof message), LINED_OK);
    say(receiver, "listen\n");
    expect_bytes(receiver, message, sizeof message);
    expect(receiver, "ok\n");
    hang_up(receiver);
    finish(server);
}
END_TEST

START_TEST(a_slow_consumer_is_disconnected)
{
    static const char message[100000];
    prepare((enum lined_mode)_i);
    lined_server *server = start_handler(&obedient);
    int receiver = dial_narrow(lined_server_port(server), 4096);
    int other = dial(lined_server_port(server));
    say(receiver, "listen\n");
    expect(receiver, "ok\n");
    int result = LINED_OK;
    for (int i = 0; i < 1000 && result == LINED_OK; i++)
        result = lined_push(listener, message, sizeof message);
    ck_assert_int_eq(result, LINED_SLOW_CONSUMER);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SLOW_CONSUMER);
    say(other, "push hello\n"); /* the others go on */
    drink(receiver);
    hang_up(receiver);
    hang_up(other);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.slow_consumers, 1);
    lined_server_free(server);
}
END_TEST

/* Reads whole messages of one sender until the end of file, and checks their order. */
static void hear_all(int client)
{
    char text[16384];
    size_t held = 0;
    int next = -1;

    for (;;) {
        ssize_t n = recv(client, text + held, sizeof text - held, 0);
        if (n <= 0)
            break;
        held += (size_t)n;
        char *at = text;
        for (char *end; (end = memchr(at, '\n', held - (size_t)(at - text))) != NULL;
             at = end + 1) {
            int number, length = 0;
            sscanf(at, "message %d ....................%n", &number, &length);
            ck_assert_msg(length > 0 && at + length == end, "torn: %.*s", (int)(end - at), at);
            ck_assert_msg(next < 0 || number == next, "%d after %d", number, next - 1);
            next = number + 1;
        }
        held -= (size_t)(at - text);
        memmove(text, at, held);
    }
}

struct hearer {
    pthread_t thread;
    int client;
    bool is_deaf;
};

/* A thread, not a process: that would hold the server's descriptors open as well. */
static void *hear(void *argument)
{
    struct hearer *hearer = argument;

    if (hearer->is_deaf) { /* stops reading, and leaves when it is cut off */
        struct pollfd gone = {.fd = hearer->client, .events = POLLRDHUP};
        ck_assert_int_eq(poll(&gone, 1, 10000), 1);
    } else {
        hear_all(hearer->client);
    }
    hang_up(hearer->client);
    return NULL;
}

START_TEST(broadcasts_are_whole_and_in_order_while_clients_come_and_go)
{
    enum { CLIENTS = 50, MESSAGES = 2000 };
    struct hearer hearers[CLIENTS];
    char message[64];

    prepare((enum lined_mode)_i);
    options.drain_timeout_ms = 100; /* some clients will never take what is sent */
    lined_server *server = start_handler(&obedient);
    for (int c = 0; c < CLIENTS; c++) {
        hearers[c] =
            (struct hearer){.client = dial(lined_server_port(server)), .is_deaf = c % 5 == 4};
        ck_assert_int_eq(pthread_create(&hearers[c].thread, NULL, hear, &hearers[c]), 0);
    }
    int passer_by = dial(lined_server_port(server));
    for (int i = 0; i < MESSAGES; i++) {
        int length = snprintf(message, sizeof message, "message %d ....................\n", i);
        lined_broadcast(server, message, (size_t)length, (lined_handle){NULL, 0});
        if (i % 50 == 0) { /* one connection ends and one begins */
            hang_up_rudely(passer_by);
            passer_by = dial(lined_server_port(server));
        }
    }
    hang_up(passer_by);
    lined_server_drain(server);
    lined_server_wait(server);
    lined_server_free(server);
    for (int c = 0; c < CLIENTS; c++)
        ck_assert_int_eq(pthread_join(hearers[c].thread, NULL), 0);
}
END_TEST

START_TEST(what_was_pushed_goes_out_before_the_end)
{
    static const struct lined_handler ending = {.line = push_and_end};

    prepare((enum lined_mode)_i);
    options.push_limit = 8 * 1000 * 1000;
    lined_server *server = start_handler(&ending);
    int client = dial_narrow(lined_server_port(server), 4096);
    say(client, "end\n");
    ck_assert_uint_eq(drink(client), 4 * 1000 * 1000);
    hang_up(client);
    finish(server);
}
END_TEST

/* Bytes wait for a receiver that reads without a pause: a push in this time comes after them. */
static void *read_numbers(void *argument)
{
    hear_all(*(int *)argument);
    return NULL;
}

START_TEST(no_push_overtakes_what_waits)
{
    char message[64];
    pthread_t reader;

    prepare((enum lined_mode)_i);
    options.push_limit = 64 * 1024 * 1024;
    lined_server *server = start_handler(&obedient);
    int receiver = dial_narrow(lined_server_port(server), 4096);
    say(receiver, "listen\n");
    expect(receiver, "ok\n");
    ck_assert_int_eq(pthread_create(&reader, NULL, read_numbers, &receiver), 0);
    for (int i = 0; i < 300000; i++) {
        int length = snprintf(message, sizeof message, "message %d ....................\n", i);
        ck_assert_int_eq(lined_push(listener, message, (size_t)length), LINED_OK);
    }
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
    ck_assert_int_eq(pthread_join(reader, NULL), 0);
    hang_up(receiver);
}
END_TEST

START_TEST(an_exception_counts_on_its_own_server_only)
{
    prepare((enum lined_mode)_i);
    lined_server *server = start_handler(&obedient);
    lined_server *other = start_handler(&obedient);
    int client = dial_listener(other);
    lined_handle stranger = listener;
    int receiver = dial_listener(server); /* has the same number there */

    ck_assert_uint_eq(lined_broadcast(server, "hello\n", 6, stranger), 1);
    expect(receiver, "hello\n");
    hang_up(client);
    hang_up(receiver);
    finish(other);
    finish(server);
}
END_TEST

START_TEST(a_handle_is_its_own_connection_only)
{
    prepare((enum lined_mode)_i);
    lined_server *server = start_handler(&obedient);
    lined_server *other = start_handler(&obedient);
    int client = dial_listener(server);
    lined_handle first = listener;
    int second_client = dial_listener(server);
    lined_handle second = listener;
    int stranger_client = dial_listener(other);
    lined_handle stranger = listener; /* has first's number there */

    ck_assert(lined_handle_is(first, first));
    ck_assert(!lined_handle_is(first, second));
    ck_assert_uint_eq(stranger.number, first.number);
    ck_assert(!lined_handle_is(first, stranger));
    hang_up(client);
    hang_up(second_client);
    hang_up(stranger_client);
    finish(other);
    finish(server);
}
END_TEST

START_TEST(a_broadcast_leaves_its_sender_out)
{
    prepare((enum lined_mode)_i);
    lined_server *server = start_handler(&obedient);
    int one = dial_listener(server);
    int two = dial_listener(server);
    int three = dial_listener(server);

    say(one, "all hello\n");
    expect(one, "2\n");
    expect(two, "hello\n");
    expect(three, "hello\n");
    say(one, "push x\n"); /* nothing else came to it */
    expect(one, "0\n");
    hang_up(one);
    hang_up(two);
    hang_up(three);
    finish(server);
}
END_TEST

/* Stops the server while it is pushing and being talked to. */
START_TEST(a_stop_amid_pushes)
{
    static const char message[1000];

    for (int round = 0; round < 20; round++) {
        prepare((enum lined_mode)_i);
        lined_server *server = start_handler(&obedient);
        int receiver = dial_listener(server);
        int deaf = dial_narrow(lined_server_port(server), 4096);
        for (int i = 0; i < 500; i++)
            lined_broadcast(server, message, sizeof message, (lined_handle){NULL, 0});
        lined_server_stop(server);
        lined_broadcast(server, message, sizeof message, (lined_handle){NULL, 0});
        lined_server_free(server);
        hang_up(receiver);
        hang_up(deaf);
    }
}
END_TEST

static atomic_bool has_one;

/* The first is open at once, the others when the test says so. */
static int open_when_told(void *context, lined_conn *conn, void **state)
{
    (void)conn;
    (void)state;
    if (atomic_exchange(&has_one, true)) {
        sem_post(&begun);
        while (sem_wait(&go_on) != 0)
            continue;
    }
    return LINED_OK;
}

START_TEST(a_broadcast_reaches_open_connections_only)
{
    static const struct lined_handler handler = {.open = open_when_told, .line = obey};

    prepare((enum lined_mode)_i);
    atomic_store(&has_one, false);
    sem_init(&begun, 0, 0);
    sem_init(&go_on, 0, 0);
    lined_server *server = start_handler(&handler);
    int first = dial_listener(server);
    int second = dial(lined_server_port(server));
    while (sem_wait(&begun) != 0)
        continue;
    ck_assert_uint_eq(lined_broadcast(server, "one\n", 4, (lined_handle){NULL, 0}), 1);
    sem_post(&go_on);
    say(second, "listen\n");
    expect(second, "ok\n");
    ck_assert_uint_eq(lined_broadcast(server, "two\n", 4, (lined_handle){NULL, 0}), 2);
    expect(first, "one\ntwo\n");
    expect(second, "two\n");
    hang_up(first);
    hang_up(second);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_push_arrives_while_its_receiver_waits,
        a_handle_of_the_gone_is_known_as_such,
        what_waits_is_delivered_in_order,
        replies_come_after_what_waited,
        a_slow_consumer_is_disconnected,
        broadcasts_are_whole_and_in_order_while_clients_come_and_go,
        a_broadcast_leaves_its_sender_out,
        what_was_pushed_goes_out_before_the_end,
        no_push_overtakes_what_waits,
        an_exception_counts_on_its_own_server_only,
        a_handle_is_its_own_connection_only,
        a_stop_amid_pushes,
        a_broadcast_reaches_open_connections_only,
    };
    const TTest *const passive_only[] = {a_push_never_lands_inside_a_reply};
    int failed = suite_run_loop("push", tests, sizeof tests / sizeof tests[0], 2);

    return suite_run("push", passive_only, 1) | failed;
}
