/*
 * Each deadline of a connection, and that it is gone within a second after it. Setting the
 * clock of the day changes nothing of that: the linker puts the calls below in place of libc's, and
 * a call for that clock aborts.
 */
#include "../src/base/monotonic.h"

#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
time_t __wrap_time(time_t *now);
int __wrap_gettimeofday(struct timeval *now, void *zone);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_MONOTONIC)
        abort();
    return __real_clock_gettime(clock, now);
}

time_t __wrap_time(time_t *now)
{
    (void)now;
    abort();
}

int __wrap_gettimeofday(struct timeval *now, void *zone)
{
    (void)now;
    (void)zone;
    abort();
}

/* Sanitizers and other tests beside take their time; the second after a deadline does not change.
 */
#define GONE_WITHIN_MS 1000

static lined_server *server;
static int64_t began;

/* Passive in the first round, active in the second. */
static void prepare_round(int round)
{
    prepare(round == 0 ? LINED_PASSIVE : LINED_ACTIVE);
}

static int start_and_dial(const struct lined_handler *handler)
{
    server = start_handler(handler);
    began = monotonic_ms();
    return dial(lined_server_port(server));
}

static void pause_ms(int ms)
{
    struct pollfd nothing = {.fd = -1};

    poll(&nothing, 1, ms);
}

/* No connection is left: the descriptor is closed, or about to be. */
static void expect_gone(int reason, int64_t deadline_ms)
{
    struct lined_stats stats;

    ck_assert_int_eq(watch_await_closed(&watch, 1), reason);
    do {
        pause_ms(1);
        lined_server_stats(server, &stats, sizeof stats);
    } while (stats.connected > 0 && monotonic_ms() - began < 10000);
    int64_t took = monotonic_ms() - began;
    ck_assert_msg(took >= deadline_ms && took <= deadline_ms + GONE_WITHIN_MS,
                  "gone after %d ms, the deadline was %d", (int)took, (int)deadline_ms);
}

/* ---- a line that is begun ---- */

/* Sends a byte each 20 ms until the server has ended the connection. */
static void trickle(int client)
{
    struct pollfd readable = {.fd = client, .events = POLLIN};

    do {
        send(client, "x", 1, MSG_NOSIGNAL);
    } while (poll(&readable, 1, 20) == 0);
}

START_TEST(a_byte_now_and_then_does_not_finish_a_line)
{
    prepare_round(_i);
    options.line_timeout_ms = 400;
    options.idle_timeout_ms = 300; /* it is never so long silent */
    int client = start_and_dial(&lined_handler_received);
    trickle(client);
    expect_eof(client);
    expect_gone(LINED_LINE_TIMEOUT, 400);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_line_that_was_begun_and_left_is_closed)
{
    prepare_round(_i);
    options.line_timeout_ms = 300;
    int client = start_and_dial(&lined_handler_received);
    say(client, "whole\nbegun");
    expect(client, "Received: whole\n\n"); /* what was answered arrives */
    expect_eof(client);
    hang_up(client);
    expect_gone(LINED_LINE_TIMEOUT, 300);
    finish(server);
}
END_TEST

/* In all it takes far longer than the timeout, and each line begins before the last is answered. */
START_TEST(lines_in_pieces_that_end_in_time_are_answered)
{
    prepare_round(_i);
    options.line_timeout_ms = 1000;
    int client = start_and_dial(&lined_handler_received);
    say(client, "he");
    for (int i = 0; i < 16; i++) {
        pause_ms(50);
        say(client, "ll");
        pause_ms(50);
        say(client, "o\nhe");
        expect(client, "Received: hello\n\n");
    }
    ck_assert_uint_eq(watch_count_closed(&watch), 0);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(silence_between_lines_is_no_line)
{
    prepare_round(_i);
    options.line_timeout_ms = 100;
    int client = start_and_dial(&lined_handler_received);
    say(client, "hel");
    say(client, "lo\n");
    expect(client, "Received: hello\n\n");
    pause_ms(500);
    say(client, "again\n");
    expect(client, "Received: again\n\n");
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

/* Each piece of max_line bytes ends one line and may begin another. */
START_TEST(a_long_lines_pieces_each_have_their_time)
{
    prepare_round(_i);
    options.line_timeout_ms = 1000;
    options.max_line = 16;
    int client = start_and_dial(&lined_handler_received);
    for (int i = 0; i < 15; i++) {
        say(client, "12345678");
        pause_ms(100);
    }
    ck_assert_uint_eq(watch_count_closed(&watch), 0);
    hang_up(client);
    finish(server);
}
END_TEST

/* The rest of a long line is to end in time, although its bytes are discarded. */
START_TEST(a_discarded_rest_has_its_time_too)
{
    prepare_round(_i);
    options.line_timeout_ms = 300;
    options.max_line = 16;
    options.long_line = LINED_LONG_DISCARD;
    int client = start_and_dial(&lined_handler_received);
    say(client, "0123456789abcdef");
    expect(client, "Received: 0123456789abcdef\n");
    while (watch_count_closed(&watch) == 0) {
        say_what_it_takes(client, "x", 1);
        pause_ms(10);
    }
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_LINE_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

/* What comes while the handler computes is not too late, however long that takes. */
static int compute(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    pause_ms(300);
    return lined_send(conn, line, size);
}

static const struct lined_handler slow = {.line = compute};

START_TEST(what_the_handler_takes_is_not_held_against_the_client)
{
    prepare_round(_i);
    options.line_timeout_ms = 150;
    options.idle_timeout_ms = 150;
    int client = start_and_dial(&slow);
    say(client, "one\ntw");
    watch_await_lines(&watch, _i == 0); /* active: seen only after it was handled */
    say(client, "o\n");
    expect(client, "one\ntwo\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_IDLE_TIMEOUT);
    finish(server);
}
END_TEST

/* ---- tasks, which are passive in both rounds ---- */

static int deadlines_seen;

/* Counts its own deadlines on the way to a line and ten bytes. */
static int count_deadlines(void *context, lined_conn *conn, void *state)
{
    const char *view;
    size_t size;
    int result;

    (void)state;
    deadlines_seen = 0;
    do {
        lined_set_deadline(conn, 50);
        result = lined_recv_line(conn, &view, &size);
        deadlines_seen += result == LINED_DEADLINE;
    } while (result == LINED_DEADLINE);
    lined_set_deadline(conn, 0);
    return result == LINED_OK ? lined_recv_exact(conn, &view, 10) : result;
}

static const struct lined_handler counter = {.task = count_deadlines};

START_TEST(a_tasks_own_deadline_goes_on_beside_a_lines)
{
    prepare(LINED_PASSIVE);
    options.line_timeout_ms = 400;
    int client = start_and_dial(&counter);
    trickle(client);
    expect_gone(LINED_LINE_TIMEOUT, 400);
    hang_up(client);
    ck_assert_int_ge(deadlines_seen, 1); /* a busy machine may keep the task from more */
    finish(server);
}
END_TEST

START_TEST(exact_bytes_that_are_begun_count_as_a_line)
{
    prepare(LINED_PASSIVE);
    options.line_timeout_ms = 1500; /* far longer than ten bytes take on a busy machine */
    int client = start_and_dial(&counter);
    say(client, "line\n");
    trickle(client); /* stops at the tenth byte, or before */
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_END);
    client = dial(lined_server_port(server));
    say(client, "line\n123");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 2), LINED_LINE_TIMEOUT);
    finish(server);
}
END_TEST

/* ---- the whole session ---- */

START_TEST(a_session_ends_whatever_the_client_does)
{
    char replies[100];

    prepare_round(_i);
    options.session_timeout_ms = 400;
    int client = start_and_dial(&lined_handler_received);
    do {
        say(client, "hello\n");
        pause_ms(5);
    } while (recv(client, replies, sizeof replies, 0) > 0);
    hang_up(client);
    expect_gone(LINED_SESSION_TIMEOUT, 400);
    finish(server);
}
END_TEST

START_TEST(a_silent_session_ends)
{
    prepare_round(_i);
    options.session_timeout_ms = 300;
    int client = start_and_dial(&lined_handler_received);
    expect_eof(client);
    expect_gone(LINED_SESSION_TIMEOUT, 300);
    hang_up(client);
    finish(server);
}
END_TEST

/* Takes whatever comes. */
static void *drink_all(void *client)
{
    drink(*(int *)client);
    return NULL;
}

/* Sends lines without a pause until the connection has ended. */
static void flood(int client)
{
    static char lines[65536];

    memset(lines, '\n', sizeof lines);
    while (send(client, lines, sizeof lines, MSG_NOSIGNAL) >= 0)
        continue;
}

/* The server never has to wait for it. */
START_TEST(a_busy_session_ends)
{
    pthread_t drinker;

    prepare_round(_i);
    options.session_timeout_ms = 400;
    int client = start_and_dial(&lined_handler_received);
    ck_assert_int_eq(pthread_create(&drinker, NULL, drink_all, &client), 0);
    flood(client);
    expect_gone(LINED_SESSION_TIMEOUT, 400);
    pthread_join(drinker, NULL);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_session_whose_client_never_reads_ends)
{
    prepare_round(_i);
    options.session_timeout_ms = 500;
    options.send_timeout_ms = 0;
    server = start_handler(&lined_handler_received);
    began = monotonic_ms();
    int client = dial_narrow(lined_server_port(server), 4096);
    flood(client);
    expect_gone(LINED_SESSION_TIMEOUT, 500);
    hang_up(client);
    finish(server);
}
END_TEST

/* It has received all of them at once, and would be at it for 90 seconds. */
START_TEST(a_session_ends_between_two_lines)
{
    char lines[301];

    prepare_round(_i);
    options.session_timeout_ms = 500;
    int client = start_and_dial(&slow);
    memset(lines, '\n', 300);
    lines[300] = '\0';
    say(client, lines);
    expect_gone(LINED_SESSION_TIMEOUT, 500);
    expect(client, "\n"); /* what was answered arrives */
    hang_up(client);
    finish(server);
}
END_TEST

/* ---- peers that vanish ---- */

/* From now on the client's kernel drops all that comes for it, and so sends nothing either: no
 * acknowledgement, no reset. It is as if its machine had lost its power. IP_MINTTL drops what has a
 * lower TTL (RFC 5082), as all of loopback has; unlike a filter on the socket it needs no
 * privilege. */
static void vanish(int client)
{
    const int most = 255;
    int ttl;
    socklen_t size = sizeof ttl;

    ck_assert_int_eq(getsockopt(client, IPPROTO_IP, IP_TTL, &ttl, &size), 0);
    ck_assert_msg(ttl < most, "net.ipv4.ip_default_ttl is %d: packets cannot be dropped by it",
                  ttl);
    ck_assert_int_eq(setsockopt(client, IPPROTO_IP, IP_MINTTL, &most, sizeof most), 0);
    began = monotonic_ms();
}

START_TEST(a_silent_client_that_has_vanished_is_idle)
{
    prepare_round(_i);
    options.idle_timeout_ms = 500;
    int client = start_and_dial(&lined_handler_received);
    int64_t silent_since = monotonic_ms();
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    watch_await_lines(&watch, 1);
    vanish(client);
    began = silent_since;
    expect_gone(LINED_IDLE_TIMEOUT, 500);
    hang_up(client);
    finish(server);
}
END_TEST

/* Its thread is in recv when the bytes are on their way, so it is the kernel that notices. */
START_TEST(a_reply_that_is_not_acknowledged_ends_the_connection)
{
    prepare_round(_i);
    options.send_timeout_ms = 1000;
    int client = start_and_dial(&lined_handler_received);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    vanish(client);
    ck_assert_uint_eq(lined_broadcast(server, "news\n", 5, (lined_handle){NULL, 0}), 1);
    expect_gone(LINED_SEND_TIMEOUT, 1000);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_send_to_a_client_that_has_vanished_ends)
{
    static char lines[4 * 1024 * 1024];
    int on = 1;

    memset(lines, '\n', sizeof lines);
    prepare_round(_i);
    options.send_timeout_ms = 1000;
    server = start_handler(&lined_handler_received);
    int client = dial_narrow(lined_server_port(server), 4096);
    ck_assert_int_eq(ioctl(client, FIONBIO, &on), 0);
    struct pollfd writable = {.fd = client, .events = POLLOUT};
    int64_t stuck_since = monotonic_ms();
    while (poll(&writable, 1, 300) == 1) { /* until the server is stuck */
        stuck_since = monotonic_ms();
        ck_assert_int_gt(send(client, lines, sizeof lines, MSG_NOSIGNAL), 0);
    }
    vanish(client);
    began = stuck_since;
    expect_gone(LINED_SEND_TIMEOUT, 1000);
    hang_up(client);
    finish(server);
}
END_TEST

/* Nothing is sent to it; the kernel asks. It answered last when its line was answered. */
START_TEST(a_client_that_has_vanished_is_missed)
{
    prepare_round(_i);
    options.send_timeout_ms = 2000;
    int client = start_and_dial(&lined_handler_received);
    int64_t silent_since = monotonic_ms();
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    vanish(client);
    began = silent_since - 100; /* the kernel may be so much sooner: see give_up_after in net.c */
    expect_gone(LINED_LOST, 2000);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_client_that_is_silent_but_there_stays)
{
    prepare_round(_i);
    options.send_timeout_ms = 1000;
    int client = start_and_dial(&lined_handler_received);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    pause_ms(3500); /* three probes */
    say(client, "still here\n");
    expect(client, "Received: still here\n\n");
    hang_up(client);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_byte_now_and_then_does_not_finish_a_line,
        a_line_that_was_begun_and_left_is_closed,
        lines_in_pieces_that_end_in_time_are_answered,
        silence_between_lines_is_no_line,
        a_long_lines_pieces_each_have_their_time,
        a_discarded_rest_has_its_time_too,
        what_the_handler_takes_is_not_held_against_the_client,
        a_session_ends_whatever_the_client_does,
        a_silent_session_ends,
        a_busy_session_ends,
        a_session_whose_client_never_reads_ends,
        a_session_ends_between_two_lines,
        a_reply_that_is_not_acknowledged_ends_the_connection,
        a_send_to_a_client_that_has_vanished_ends,
        a_client_that_has_vanished_is_missed,
        a_tasks_own_deadline_goes_on_beside_a_lines,
        exact_bytes_that_are_begun_count_as_a_line,
        a_silent_client_that_has_vanished_is_idle,
        a_client_that_is_silent_but_there_stays,
    };
    return suite_run_loop("timeouts", tests, sizeof tests / sizeof tests[0], 2);
}
