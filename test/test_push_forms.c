/* lined_pushv, lined_push_many, lined_pending, slow clients, and several pushers: in callbacks and
 * not. */
#include "dial.h"
#include "embed.h"
#include "pushing_handler.h"
#include "suite.h"

#include <lined.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

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
    return become_listener(dial_narrow(lined_server_port(server), 4096));
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
    lined_server *server = start_pushing(_i);
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
    lined_server *server = start_pushing(_i);
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

    lined_server *server = start_pushing(_i);
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
    lined_server *server = start_pushing(_i);
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
    lined_server *server = start_pushing(_i);
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

    lined_server *server = start_pushing(_i);
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
        gathered_bytes_do_not_count_against_the_limit,
        a_slow_client_is_disconnected_by_gathered_pushes,
        a_client_gets_what_a_flush_could_not_send,
        pending_is_what_the_client_does_not_read,
        parts_are_pushed_as_one,
        parts_wait_for_a_slow_client,
        many_counts_those_that_took_the_bytes,
        the_pushes_of_each_are_whole_and_in_order,
    };
    return suite_run_loop("push_forms", tests, sizeof tests / sizeof tests[0], 2);
}
