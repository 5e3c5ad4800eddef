/* Tasks: functions that own the connection and pull. */
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static lined_server *start(const struct lined_handler *handler)
{
    prepare(LINED_PASSIVE);
    return start_handler(handler);
}

/* A line with a length, then as many bytes as it says, which are sent back. */
static int echo_lengths(void *context, lined_conn *conn, void *state)
{
    const char *view;
    size_t size;

    (void)state;
    for (;;) {
        int result = lined_recv_line(conn, &view, &size);
        if (result != LINED_OK)
            return result;
        size_t length = strtoul(view, NULL, 10);
        result = lined_recv_exact(conn, &view, length);
        if (result == LINED_OK)
            result = lined_send(conn, view, length);
        if (result != LINED_OK)
            return result;
    }
}

static const struct lined_handler lengths = {.task = echo_lengths};

START_TEST(exact_bytes_follow_lines)
{
    lined_server *server = start(&lengths);
    int client = dial(lined_server_port(server));

    say(client, "5\na\nb\nc0\n3\nxyz");
    expect(client, "a\nb\ncxyz");
    half_close(client);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

START_TEST(many_exact_bytes_come_whole)
{
    enum { SIZE = 5 * 1024 * 1024 };
    char *bytes = malloc(SIZE);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 7 + i / 256);
    lined_server *server = start(&lengths);
    int client = dial(lined_server_port(server));
    char header[32];
    snprintf(header, sizeof header, "%d\n", SIZE);
    say(client, header);
    say_bytes(client, bytes, SIZE);
    expect_bytes(client, bytes, SIZE);
    hang_up(client);
    finish(server);
    free(bytes);
}
END_TEST

START_TEST(too_many_exact_bytes_are_rejected_and_too_few_are_dropped)
{
    char header[32];
    lined_server *server = start(&lengths);
    int client = dial(lined_server_port(server));

    snprintf(header, sizeof header, "%u\n", LINED_EXACT_MAX + 1);
    say(client, header);
    drink(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), -EMSGSIZE);
    client = dial(lined_server_port(server));
    say(client, "10\nabc");
    half_close(client);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 2), LINED_EOF);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.bytes_dropped, 3);
    lined_server_free(server);
}
END_TEST

/* Says "late" each time its deadline passes, three times, and loses nothing meanwhile. */
static int be_impatient(void *context, lined_conn *conn, void *state)
{
    const char *line;
    size_t size;

    (void)state;
    for (int late = 0; late < 3;) {
        lined_set_deadline(conn, 50);
        int result = lined_recv_line(conn, &line, &size);
        if (result == LINED_OK) {
            result = lined_send(conn, line, size);
        } else if (result == LINED_DEADLINE) {
            late++;
            result = lined_send(conn, "late\n", 5);
        }
        if (result != LINED_OK)
            return result;
    }
    lined_set_deadline(conn, 0);
    int result = lined_flush(conn);
    if (result == LINED_OK)
        result = lined_recv_line(conn, &line, &size);
    if (result == LINED_OK)
        result = lined_send(conn, line, size);
    return result == LINED_OK ? LINED_END : result;
}

START_TEST(a_deadline_passes_and_the_connection_goes_on)
{
    static const struct lined_handler impatient = {.task = be_impatient};
    lined_server *server = start(&impatient);
    int client = dial(lined_server_port(server));

    say(client, "beg"); /* an unfinished line does not extend it */
    expect(client, "late\nlate\nlate\n");
    say(client, "inning\n");
    expect(client, "beginning\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_END);
    finish(server);
}
END_TEST

/* Waits for ten bytes, says "late" when its deadline passes, and waits on. */
static int await_exact(void *context, lined_conn *conn, void *state)
{
    const char *bytes;

    (void)state;
    lined_set_deadline(conn, 50);
    int result = lined_recv_exact(conn, &bytes, 10);
    if (result != LINED_DEADLINE)
        return result;
    result = lined_send(conn, "late\n", 5);
    lined_set_deadline(conn, 0);
    if (result == LINED_OK)
        result = lined_recv_exact(conn, &bytes, 10);
    if (result == LINED_OK)
        result = lined_send(conn, bytes, 10);
    return result;
}

static sem_t has_line;

/* Lets its deadline pass while a line waits in the socket, and takes the line afterwards. */
static int be_late(void *context, lined_conn *conn, void *state)
{
    struct pollfd nothing = {.fd = -1};
    const char *line;
    size_t size;

    (void)state;
    lined_set_deadline(conn, 1);
    while (sem_wait(&has_line) != 0)
        continue;
    poll(&nothing, 1, 20); /* longer than the deadline */
    int result = lined_recv_line(conn, &line, &size);
    if (result != LINED_DEADLINE)
        return -EPROTO;
    lined_set_deadline(conn, 0);
    result = lined_recv_line(conn, &line, &size);
    if (result == LINED_OK)
        result = lined_send(conn, line, size);
    return result;
}

/* A client that sends without a pause could otherwise put the deadline off for ever. */
START_TEST(a_deadline_passes_although_a_line_waits)
{
    static const struct lined_handler late = {.task = be_late};
    ck_assert_int_eq(sem_init(&has_line, 0, 0), 0);
    lined_server *server = start(&late);
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    sem_post(&has_line);
    expect(client, "hello\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_END);
    finish(server);
}
END_TEST

START_TEST(a_deadline_holds_for_exact_bytes_too)
{
    static const struct lined_handler handler = {.task = await_exact};
    lined_server *server = start(&handler);
    int client = dial(lined_server_port(server));

    say(client, "01234");
    expect(client, "late\n");
    say(client, "56789");
    expect(client, "0123456789");
    expect_eof(client);
    hang_up(client);
    finish(server);
}
END_TEST

static uint32_t task_deadline_ms;

static int await_line(void *context, lined_conn *conn, void *state)
{
    const char *line;
    size_t size;

    (void)state;
    lined_set_deadline(conn, task_deadline_ms);
    return lined_recv_line(conn, &line, &size);
}

START_TEST(the_sooner_of_deadline_and_idle_timeout_ends_the_wait)
{
    static const struct lined_handler handler = {.task = await_line};

    for (int is_deadline = 0; is_deadline <= 1; is_deadline++) {
        prepare(LINED_PASSIVE);
        options.idle_timeout_ms = is_deadline ? 60000 : 50;
        task_deadline_ms = is_deadline ? 50 : 60000;
        lined_server *server = start_handler(&handler);
        int client = dial(lined_server_port(server));
        expect_eof(client);
        hang_up(client);
        ck_assert_int_eq(watch_await_closed(&watch, 1),
                         is_deadline ? LINED_DEADLINE : LINED_IDLE_TIMEOUT);
        finish(server);
    }
}
END_TEST

/* Deadlines of a millisecond, over and over: none may be missed. */
static int hurry(void *context, lined_conn *conn, void *state)
{
    const char *line;
    size_t size;
    int result = LINED_DEADLINE;

    (void)state;
    for (int i = 0; i < 300 && result == LINED_DEADLINE; i++) {
        lined_set_deadline(conn, 1);
        result = lined_recv_line(conn, &line, &size);
    }
    return result == LINED_DEADLINE ? LINED_END : result;
}

START_TEST(no_deadline_is_missed)
{
    enum { CLIENTS = 50 };
    static const struct lined_handler hurried = {.task = hurry};
    int clients[CLIENTS];
    lined_server *server = start(&hurried);

    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial(lined_server_port(server));
    for (int i = 0; i < CLIENTS; i++) {
        expect_eof(clients[i]);
        hang_up(clients[i]);
    }
    finish(server);
}
END_TEST

/* Says something and returns as the first byte of the first line tells. */
static int say_and_return(void *context, lined_conn *conn, void *state)
{
    const char *line;
    size_t size;

    (void)state;
    int result = lined_recv_line(conn, &line, &size);
    if (result == LINED_OK)
        result = lined_send(conn, "last words\n", 11);
    if (result != LINED_OK)
        return result;
    return line[0] == 'd' ? LINED_DEADLINE : line[0] == 'f' ? -EBADMSG : LINED_OK;
}

START_TEST(last_words_go_out)
{
    static const struct lined_handler talker = {.task = say_and_return};
    static const char *const lines[] = {"deadline\n", "failure\n", "ok\n"};
    static const int reasons[] = {LINED_DEADLINE, -EBADMSG, LINED_END};
    lined_server *server = start(&talker);

    for (size_t i = 0; i < 3; i++) {
        int client = dial(lined_server_port(server));
        say(client, lines[i]);
        expect(client, "last words\n");
        expect_eof(client);
        hang_up(client);
        ck_assert_int_eq(watch_await_closed(&watch, i + 1), reasons[i]);
    }
    finish(server);
}
END_TEST

static sem_t arrived, go_on;

static int take_bytes(void *context, lined_conn *conn, void *state)
{
    const char *bytes;

    (void)state;
    for (int taken = 0;; taken++) {
        int result = lined_recv_exact(conn, &bytes, 1);
        if (result != LINED_OK) {
            ck_assert_int_eq(taken, 1);
            return result;
        }
        sem_post(&arrived);
        while (sem_wait(&go_on) != 0)
            continue;
    }
}

START_TEST(a_stop_is_seen_between_two_receives)
{
    static const struct lined_handler taker = {.task = take_bytes};

    sem_init(&arrived, 0, 0);
    sem_init(&go_on, 0, 0);
    lined_server *server = start(&taker);
    int client = dial(lined_server_port(server));
    say(client, "abc");
    sem_wait(&arrived);
    lined_server_stop(server);
    sem_post(&go_on);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

/* Replies to the first line without end, for as long as it may. */
static int reply_without_end(void *context, lined_conn *conn, void *state)
{
    static const char much[10000];
    const char *line;
    size_t size;

    (void)state;
    int result = lined_recv_line(conn, &line, &size);
    sem_post(&arrived);
    if (result == LINED_OK && line[0] == 'w') { /* until the client has gone */
        while (!lined_peer_gone(conn))
            sched_yield();
        for (int i = 0; i < 20; i++) /* and a send has found that out */
            ck_assert_int_eq(lined_send(conn, much, sizeof much), LINED_OK);
        sem_post(&arrived);
    }
    while (result == LINED_OK)
        result = lined_send(conn, much, sizeof much);
    return result;
}

static const struct lined_handler endless = {.task = reply_without_end};

START_TEST(a_cut_ends_a_reply_to_a_client_that_has_reset)
{
    sem_init(&arrived, 0, 0);
    lined_server *server = start(&endless);
    int client = dial(lined_server_port(server));
    say(client, "wait\n");
    sem_wait(&arrived);
    hang_up_rudely(client);
    sem_wait(&arrived);
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_CUT);
    lined_server_free(server);
}
END_TEST

START_TEST(a_session_timeout_ends_a_reply_without_end)
{
    for (int has_reset = 0; has_reset <= 1; has_reset++) {
        prepare(LINED_PASSIVE);
        options.session_timeout_ms = 100;
        sem_init(&arrived, 0, 0);
        lined_server *server = start_handler(&endless);
        int client = dial(lined_server_port(server));
        say(client, has_reset ? "wait\n" : "go\n");
        sem_wait(&arrived);
        if (has_reset)
            hang_up_rudely(client);
        else
            ck_assert_uint_gt(drink(client), 0);
        ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_SESSION_TIMEOUT);
        if (!has_reset)
            hang_up(client);
        finish(server);
    }
}
END_TEST

static int tell_whether_client_has_gone(void *context, lined_conn *conn, void *state)
{
    const char *line;
    size_t size;
    int result;

    (void)state;
    while ((result = lined_recv_line(conn, &line, &size)) == LINED_OK) {
        if (lined_send(conn, lined_peer_gone(conn) ? "gone\n" : "here\n", 5) != LINED_OK)
            return LINED_END;
    }
    return result;
}

START_TEST(a_client_that_has_half_closed_has_not_gone)
{
    static const struct lined_handler handler = {.task = tell_whether_client_has_gone};
    lined_server *server = start(&handler);
    int client = dial(lined_server_port(server));

    say(client, "?\n");
    expect(client, "here\n");
    say(client, "?\n?\n");
    half_close(client);
    expect(client, "here\nhere\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

static int end_in_the_middle(void *context, lined_conn *conn, void *state)
{
    const char *bytes;
    int result = LINED_OK;
    int count = 0;

    while (result == LINED_OK) {
        result = lined_recv_exact(conn, &bytes, 3);
        if (result == LINED_OK)
            result = lined_send(conn, bytes, 3);
        if (result == LINED_OK && ++count == 2)
            lined_end(lined_conn_handle(conn), "bye", 3);
    }
    return result;
}

START_TEST(after_lined_end_no_exact_bytes_are_received)
{
    static const struct lined_handler handler = {.task = end_in_the_middle};
    lined_server *server = start(&handler);
    int client = dial(lined_server_port(server));

    say(client, "abcdefghijklmno");
    expect(client, "abcdefbye");
    drink(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_ENDED);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        exact_bytes_follow_lines,
        after_lined_end_no_exact_bytes_are_received,
        many_exact_bytes_come_whole,
        too_many_exact_bytes_are_rejected_and_too_few_are_dropped,
        a_deadline_passes_and_the_connection_goes_on,
        a_deadline_passes_although_a_line_waits,
        a_deadline_holds_for_exact_bytes_too,
        the_sooner_of_deadline_and_idle_timeout_ends_the_wait,
        no_deadline_is_missed,
        last_words_go_out,
        a_stop_is_seen_between_two_receives,
        a_cut_ends_a_reply_to_a_client_that_has_reset,
        a_session_timeout_ends_a_reply_without_end,
        a_client_that_has_half_closed_has_not_gone,
    };
    return suite_run("task", tests, sizeof tests / sizeof tests[0]);
}
