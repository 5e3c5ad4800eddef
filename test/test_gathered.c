/* The pushes of callbacks gather: how many sends they cost, when they go, and what may not be lost.
 */
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- what the library sends ---- */

#define SENDS_MAX 2000

static atomic_int sends; /* by the library */
static atomic_size_t send_sizes[SENDS_MAX];
static _Thread_local bool has_no_memory;

ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    if (flags & MSG_DONTWAIT) {
        int number = atomic_fetch_add(&sends, 1);
        if (number < SENDS_MAX)
            atomic_store(&send_sizes[number], size);
    }
    return __real_send(fd, bytes, size, flags);
}

/* The compiler may make a call of malloc out of one of realloc. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return has_no_memory ? NULL : __real_malloc(size);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
    return has_no_memory ? NULL : __real_realloc(memory, size);
}

/* ---- a handler that pushes as it is told ---- */

#define PARKS "park\n" /* its callback waits for the test, and then ends */

static lined_handle listeners[512];
static atomic_int listener_count;
static sem_t is_parked, go_on;
static char chunk[16 * 1024];
static const char long_reply[70000];

static void park(void)
{
    sem_post(&is_parked);
    while (sem_wait(&go_on) != 0)
        continue;
}

static int answer(lined_conn *conn, size_t number)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%zu\n", number);

    return lined_send(conn, text, (size_t)size);
}

static int push_parts(const char *bytes, size_t size)
{
    const struct iovec parts[] = {{"<", 1}, {NULL, 0}, {(void *)bytes, size - 1}, {">\n", 2}};

    return lined_pushv(listeners[0], parts, 4);
}

/* WORD ARGUMENT; see the calls in the tests. */
static int obey(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    const char *rest = memchr(line, ' ', size);
    size_t rest_size = rest == NULL ? 0 : (size_t)(line + size - ++rest);

    if (strncmp(line, "listen", 6) == 0) {
        listeners[atomic_fetch_add(&listener_count, 1)] = lined_conn_handle(conn);
        return lined_send(conn, "ok\n", 3);
    }
    if (strncmp(line, "push ", 5) == 0)
        return answer(conn, (size_t)lined_push(listeners[0], rest, rest_size));
    if (strncmp(line, "quiet ", 6) == 0) /* without an answer */
        return lined_push(listeners[0], rest, rest_size);
    if (strncmp(line, "poor ", 5) == 0) { /* without memory */
        has_no_memory = true;
        int result = lined_push(listeners[0], rest, rest_size);
        has_no_memory = false;
        return result;
    }
    if (strncmp(line, "parts ", 6) == 0)
        return answer(conn, (size_t)push_parts(rest, rest_size));
    if (strncmp(line, "self ", 5) == 0) {
        ck_assert_int_eq(lined_send(conn, "reply\n", 6), LINED_OK);
        return lined_push(lined_conn_handle(conn), rest, rest_size);
    }
    if (strncmp(line, "long ", 5) == 0) {
        ck_assert_int_eq(lined_push(listeners[0], rest, rest_size), LINED_OK);
        return lined_send(conn, long_reply, sizeof long_reply);
    }
    if (strncmp(line, "last ", 5) == 0) {
        ck_assert_int_eq(lined_push(listeners[0], rest, rest_size), LINED_OK);
        return LINED_END;
    }
    if (strncmp(line, "flush\n", 6) == 0)
        return lined_flush(conn);
    if (strncmp(line, "pending\n", 8) == 0)
        return answer(conn, lined_pending(listeners[0]));
    if (strncmp(line, "many\n", 5) == 0)
        return answer(conn, lined_push_many(listeners, (size_t)atomic_load(&listener_count), chunk,
                                            sizeof chunk));
    if (strncmp(line, "forty\n", 6) == 0)
        for (int i = 0; i < 40; i++)
            ck_assert_int_eq(lined_push(listeners[0], chunk, 1000), LINED_OK);
    park();
    return LINED_OK;
}

static const struct lined_handler obedient = {.line = obey};

static lined_server *start(int mode)
{
    prepare((enum lined_mode)mode);
    atomic_store(&listener_count, 0);
    ck_assert_int_eq(sem_init(&is_parked, 0, 0), 0);
    ck_assert_int_eq(sem_init(&go_on, 0, 0), 0);
    return start_handler(&obedient);
}

static int dial_listener(lined_server *server)
{
    int client = dial(lined_server_port(server));

    say(client, "listen\n");
    expect(client, "ok\n");
    return client;
}

static void await_parked(void)
{
    while (sem_wait(&is_parked) != 0)
        continue;
}

/* ---- how many sends ---- */

START_TEST(a_pipeline_of_pushes_costs_one_send)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    atomic_store(&sends, 0);
    say(sender, "push 0\npush 1\npush 2\npush 3\npush 4\npush 5\npush 6\npush 7\n"
                "push 8\npush 9\npush a\npush b\npush c\npush d\npush e\npush f\n");
    expect(sender, "0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n");
    expect(receiver, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\nd\ne\nf\n");
    ck_assert_int_eq(atomic_load(&sends), 2); /* the pushes, and the replies */
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(pushes_go_before_the_reply)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    for (int i = 0; i < 10; i++) {
        atomic_store(&sends, 0);
        say(sender, "push hello\n");
        expect(sender, "0\n");
        ck_assert_int_eq(atomic_load(&sends), 2);
        ck_assert_uint_eq(atomic_load(&send_sizes[0]), strlen("hello\n"));
        ck_assert_uint_eq(atomic_load(&send_sizes[1]), strlen("0\n"));
        expect(receiver, "hello\n");
    }
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(pushes_go_without_a_reply)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    say(sender, "quiet hello\n");
    expect(receiver, "hello\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* The reply is so long that a part of it goes before the callback ends. */
START_TEST(a_long_reply_does_not_overtake_a_push)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    atomic_store(&sends, 0);
    say(sender, "long hello\n");
    expect_bytes(sender, long_reply, sizeof long_reply);
    ck_assert_uint_eq(atomic_load(&send_sizes[0]), strlen("hello\n"));
    expect(receiver, "hello\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(a_callback_keeps_its_pushes_until_it_flushes)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    atomic_store(&sends, 0);
    say(sender, "quiet one\nquiet two\n" PARKS "flush\n" PARKS);
    await_parked();
    ck_assert_int_eq(atomic_load(&sends), 0);
    sem_post(&go_on);
    await_parked();
    ck_assert_int_eq(atomic_load(&sends), 1);
    expect(receiver, "one\ntwo\n");
    sem_post(&go_on);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* 40 pushes of 1,000 bytes in one callback: 16 fit into 16 KiB. */
START_TEST(much_for_one_client_is_sent_before_the_end)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    memset(chunk, 'c', sizeof chunk);
    atomic_store(&sends, 0);
    say(sender, "forty\n");
    await_parked();
    ck_assert_int_eq(atomic_load(&sends), 2);
    ck_assert_uint_eq(atomic_load(&send_sizes[0]), 16 * 1000);
    ck_assert_uint_eq(atomic_load(&send_sizes[1]), 16 * 1000);
    sem_post(&go_on);
    for (int i = 0; i < 40; i++)
        expect_bytes(receiver, chunk, 1000);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* 16 KiB for each of 300 clients: 4 MiB are reached before the last. */
START_TEST(much_for_many_clients_is_sent_before_the_end)
{
    enum { CLIENTS = 300 };
    int clients[CLIENTS];

    memset(chunk, 'c', sizeof chunk);
    lined_server *server = start(_i);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial_listener(server);
    int sender = dial(lined_server_port(server));
    atomic_store(&sends, 0);
    say(sender, "many\n" PARKS);
    await_parked();
    ck_assert_int_ge(atomic_load(&sends), 200);
    ck_assert_int_lt(atomic_load(&sends), CLIENTS);
    sem_post(&go_on);
    expect(sender, "300\n");
    for (int i = 0; i < CLIENTS; i++) {
        expect_bytes(clients[i], chunk, sizeof chunk);
        hang_up(clients[i]);
    }
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(without_memory_a_push_is_sent_at_once)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    say(sender, "poor hello\n" PARKS);
    await_parked();
    expect(receiver, "hello\n");
    sem_post(&go_on);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(a_push_from_outside_sends_what_is_gathered)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    atomic_store(&sends, 0);
    say(sender, "quiet one\n" PARKS);
    await_parked();
    ck_assert_int_eq(lined_push(listeners[0], "two\n", 4), LINED_OK);
    ck_assert_int_eq(atomic_load(&sends), 1);
    expect(receiver, "one\ntwo\n");
    sem_post(&go_on);
    say(sender, "push three\n"); /* the flush that finds nothing has left no trace */
    expect(sender, "0\n");
    expect(receiver, "three\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* That server may be freed before the flush. */
START_TEST(a_push_to_another_server_is_sent_at_once)
{
    lined_server *server = start(_i);
    lined_server *other = start_handler(&obedient);
    int receiver = dial_listener(other);
    int sender = dial(lined_server_port(server));

    say(sender, "quiet hello\n" PARKS);
    await_parked();
    expect(receiver, "hello\n");
    hang_up(receiver);
    finish(other);
    sem_post(&go_on);
    hang_up(sender);
    finish(server);
}
END_TEST

/* ---- ends ---- */

/* Its own thread sends what was gathered for it; the flush finds the next client in its place. */
START_TEST(a_client_that_ends_gets_what_was_gathered_for_it)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial(lined_server_port(server));

    say(sender, "quiet hello\n" PARKS);
    await_parked();
    half_close(receiver);
    expect(receiver, "hello\n");
    expect_eof(receiver);
    hang_up(receiver);
    watch_await_closed(&watch, 1);
    int next = dial(lined_server_port(server));
    sem_post(&go_on);
    say(sender, "push x\n");
    say(next, "pending\n");
    expect(next, "0\n");
    hang_up(sender);
    hang_up(next);
    finish(server);
}
END_TEST

START_TEST(a_client_that_resets_harms_no_other)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int other = dial(lined_server_port(server));
    int sender = dial(lined_server_port(server));

    say(sender, "quiet hello\n" PARKS);
    await_parked();
    hang_up_rudely(receiver);
    sem_post(&go_on);
    watch_await_closed(&watch, 1);
    say(other, "pending\n");
    expect(other, "0\n");
    hang_up(other);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(the_pushes_of_a_last_callback_arrive)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial(lined_server_port(server));

    say(sender, "last hello\n");
    expect_eof(sender);
    expect(receiver, "hello\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* The sender is in a callback when the drain begins; in passive mode the receiver is as well, so
 * that either may end first. In active mode the receiver's thread ends first. */
START_TEST(a_drain_loses_no_push)
{
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial(lined_server_port(server));

    if (_i == LINED_PASSIVE) {
        say(receiver, PARKS);
        await_parked();
    }
    say(sender, "quiet one\n" PARKS);
    await_parked();
    lined_server_drain(server);
    ck_assert_int_eq(sem_post(&go_on) | sem_post(&go_on), 0);
    expect(receiver, "one\n");
    expect_eof(receiver);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(a_stop_amid_gathered_pushes)
{
    for (int round = 0; round < 10; round++) {
        lined_server *server = start(_i);
        int receiver = dial_listener(server);
        int sender = dial_listener(server);
        say(sender, "quiet one\n" PARKS);
        await_parked();
        lined_server_stop(server);
        sem_post(&go_on);
        lined_server_free(server);
        hang_up(receiver);
        hang_up(sender);
    }
}
END_TEST

START_TEST(the_own_connection_can_be_pushed_to)
{
    lined_server *server = start(_i);
    int client = dial(lined_server_port(server));

    say(client, "self hello\n");
    expect(client, "hello\nreply\n");
    hang_up(client);
    finish(server);
}
END_TEST

/* ---- slow clients ---- */

START_TEST(gathered_bytes_do_not_count_against_the_limit)
{
    enum { LINES = 100 };
    static char line[107], expected[101], lines[LINES * 106 + 1];

    snprintf(expected, sizeof expected, "%099d\n", 7);
    snprintf(line, sizeof line, "quiet %s", expected);
    for (int i = 0; i < LINES; i++)
        memcpy(lines + (ptrdiff_t)i * 106, line, 106);
    prepare((enum lined_mode)_i);
    options.push_limit = 1000;
    atomic_store(&listener_count, 0);
    lined_server *server = start_handler(&obedient);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);
    say_bytes(sender, lines, LINES * 106);
    for (int i = 0; i < LINES; i++)
        expect(receiver, expected);
    say(sender, "push end\n");
    expect(sender, "0\n");
    expect(receiver, "end\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

static int dial_narrow_listener(lined_server *server)
{
    int client = dial_narrow(lined_server_port(server), 4096);

    say(client, "listen\n");
    expect(client, "ok\n");
    return client;
}

/* Pushes 16 KiB in a callback. Returns how many clients took them. */
static int push_chunk(int sender)
{
    char text[16] = "";

    say(sender, "many\n");
    ck_assert_int_eq(recv(sender, text, sizeof text, 0), 2);
    return text[0] - '0';
}

START_TEST(a_slow_client_is_disconnected_by_gathered_pushes)
{
    lined_server *server = start(_i);
    int receiver = dial_narrow_listener(server);
    int sender = dial(lined_server_port(server));

    while (push_chunk(sender) == 1)
        continue;
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SLOW_CONSUMER);
    ck_assert_int_eq(push_chunk(sender), 0);
    drink(receiver);
    hang_up(receiver);
    hang_up(sender);
    lined_server_drain(server);
    lined_server_wait(server);
    ck_assert_uint_eq(stats_of(server).slow_consumers, 1);
    lined_server_free(server);
}
END_TEST

START_TEST(a_client_gets_what_a_flush_could_not_send)
{
    int chunks = 0;

    memset(chunk, 'c', sizeof chunk);
    lined_server *server = start(_i);
    int receiver = dial_narrow_listener(server);
    int sender = dial(lined_server_port(server));
    do {
        chunks += push_chunk(sender);
    } while (lined_pending(listeners[0]) == 0);
    while (chunks-- > 0)
        expect_bytes(receiver, chunk, sizeof chunk);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(pending_is_what_the_client_does_not_read)
{
    size_t pushed = 0;

    lined_server *server = start(_i);
    int receiver = dial_narrow_listener(server);
    int sender = dial(lined_server_port(server));
    say(sender, "quiet hello\npending\n"); /* only gathered */
    expect(sender, "0\n");
    expect(receiver, "hello\n");
    memset(chunk, 'c', sizeof chunk);
    while (lined_pending(listeners[0]) == 0) {
        ck_assert_int_eq(lined_push(listeners[0], chunk, sizeof chunk), LINED_OK);
        pushed += sizeof chunk;
    }
    size_t before = lined_pending(listeners[0]);
    ck_assert_int_eq(lined_push(listeners[0], chunk, 1000), LINED_OK);
    pushed += 1000;
    ck_assert_uint_le(lined_pending(listeners[0]), before + 1000);
    ck_assert_uint_gt(lined_pending(listeners[0]), 0);
    for (; pushed >= sizeof chunk; pushed -= sizeof chunk)
        expect_bytes(receiver, chunk, sizeof chunk);
    expect_bytes(receiver, chunk, pushed);
    ck_assert_uint_eq(lined_pending(listeners[0]), 0);
    hang_up(receiver);
    watch_await_closed(&watch, 1);
    ck_assert_uint_eq(lined_pending(listeners[0]), 0);
    ck_assert_uint_eq(lined_pending((lined_handle){NULL, 0}), 0);
    hang_up(sender);
    finish(server);
}
END_TEST

/* ---- parts, many ---- */

START_TEST(parts_are_pushed_as_one)
{
    static char large[100 * 1000];
    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    int sender = dial(lined_server_port(server));

    say(sender, "parts hello\n");
    expect(sender, "0\n");
    expect(receiver, "<hello>\n");
    atomic_store(&sends, 0);
    ck_assert_int_eq(push_parts("outside\n", 8), LINED_OK);
    ck_assert_int_eq(atomic_load(&sends), 1);
    expect(receiver, "<outside>\n");
    ck_assert_int_eq(lined_pushv(listeners[0], NULL, 0), LINED_OK);
    memset(large, 'l', sizeof large);
    large[sizeof large - 1] = '\n';
    ck_assert_int_eq(push_parts(large, sizeof large), LINED_OK); /* too large to gather */
    expect(receiver, "<");
    expect_bytes(receiver, large, sizeof large - 1);
    expect(receiver, ">\n");
    hang_up(receiver);
    watch_await_closed(&watch, 1);
    hang_up(sender);
    finish(server);
}
END_TEST

/* A part of the parts is sent, the rest waits: nothing is lost between two parts. */
START_TEST(parts_wait_for_a_slow_client)
{
    enum { TIMES = 40 };
    static char large[30 * 1000];

    memset(large, 'l', sizeof large);
    prepare((enum lined_mode)_i);
    options.push_limit = sizeof large * TIMES * 2;
    atomic_store(&listener_count, 0);
    lined_server *server = start_handler(&obedient);
    int receiver = dial_narrow_listener(server);
    for (int i = 0; i < TIMES; i++)
        ck_assert_int_eq(push_parts(large, sizeof large), LINED_OK);
    for (int i = 0; i < TIMES; i++) {
        expect(receiver, "<");
        expect_bytes(receiver, large, sizeof large - 1);
        expect(receiver, ">\n");
    }
    hang_up(receiver);
    finish(server);
}
END_TEST

START_TEST(many_counts_those_that_took_the_bytes)
{
    lined_server *server = start(_i);
    int first = dial_listener(server);
    int gone = dial_listener(server);
    int second = dial_listener(server);

    hang_up(gone);
    watch_await_closed(&watch, 1);
    /* The end was observed; the table drops it a moment later. */
    while (lined_push(listeners[1], "x", 1) != LINED_GONE)
        sched_yield();
    listeners[3] = (lined_handle){NULL, 0};
    ck_assert_uint_eq(lined_push_many(listeners, 4, "hello\n", 6), 2);
    ck_assert_uint_eq(lined_push_many(listeners, 0, "hello\n", 6), 0);
    expect(first, "hello\n");
    expect(second, "hello\n");
    hang_up(first);
    hang_up(second);
    finish(server);
}
END_TEST

/* ---- several pushers ---- */

enum { PUSHERS = 3, MESSAGES = 2000 };

struct pusher {
    pthread_t thread;
    int number;
    uint16_t port;
};

/* Pipelines of pushes. The replies are read at the end. */
static void *push_all(void *argument)
{
    const struct pusher *pusher = argument;
    int client = dial(pusher->port);
    char text[16 * 32];

    for (int i = 0; i < MESSAGES;) {
        char *at = text;
        for (int end = i + 1 + i % 16; i < end && i < MESSAGES; i++)
            at += sprintf(at, "quiet %d %d ......\n", pusher->number, i);
        say_bytes(client, text, (size_t)(at - text));
    }
    say(client, "flush\npending\n");
    half_close(client);
    drink(client);
    hang_up(client);
    return NULL;
}

static char heard[PUSHERS * MESSAGES * 16];

START_TEST(the_pushes_of_each_are_whole_and_in_order)
{
    struct pusher pushers[PUSHERS];
    int next[PUSHERS] = {0};

    lined_server *server = start(_i);
    int receiver = dial_listener(server);
    for (int i = 0; i < PUSHERS; i++) {
        pushers[i] = (struct pusher){.number = i, .port = lined_server_port(server)};
        ck_assert_int_eq(pthread_create(&pushers[i].thread, NULL, push_all, &pushers[i]), 0);
    }
    for (int i = 0; i < PUSHERS; i++)
        ck_assert_int_eq(pthread_join(pushers[i].thread, NULL), 0);
    half_close(receiver);
    size_t size = receive_rest(receiver, heard, sizeof heard - 1);
    heard[size] = '\0';
    for (char *line = strtok(heard, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        int pusher, number, length = 0;
        sscanf(line, "%d %d ......%n", &pusher, &number, &length);
        ck_assert_msg(length > 0 && line[length] == '\0', "torn: %s", line);
        ck_assert_int_eq(number, next[pusher]);
        next[pusher]++;
    }
    for (int i = 0; i < PUSHERS; i++)
        ck_assert_int_eq(next[i], MESSAGES);
    hang_up(receiver);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_pipeline_of_pushes_costs_one_send,
        pushes_go_before_the_reply,
        pushes_go_without_a_reply,
        a_long_reply_does_not_overtake_a_push,
        a_callback_keeps_its_pushes_until_it_flushes,
        much_for_one_client_is_sent_before_the_end,
        much_for_many_clients_is_sent_before_the_end,
        without_memory_a_push_is_sent_at_once,
        a_push_from_outside_sends_what_is_gathered,
        a_push_to_another_server_is_sent_at_once,
        a_client_that_ends_gets_what_was_gathered_for_it,
        a_client_that_resets_harms_no_other,
        the_pushes_of_a_last_callback_arrive,
        a_drain_loses_no_push,
        a_stop_amid_gathered_pushes,
        the_own_connection_can_be_pushed_to,
        gathered_bytes_do_not_count_against_the_limit,
        a_slow_client_is_disconnected_by_gathered_pushes,
        a_client_gets_what_a_flush_could_not_send,
        pending_is_what_the_client_does_not_read,
        parts_are_pushed_as_one,
        parts_wait_for_a_slow_client,
        many_counts_those_that_took_the_bytes,
        the_pushes_of_each_are_whole_and_in_order,
    };
    return suite_run_loop("gathered", tests, sizeof tests / sizeof tests[0], 2);
}
