#define _GNU_SOURCE /* gettid */
#include "../src/server.h"

#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <lined.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static lined_server *start(void)
{
    return start_handler(&lined_handler_received);
}

static struct lined_stats stats_of(lined_server *server)
{
    struct lined_stats stats;

    lined_server_stats(server, &stats);
    return stats;
}

START_TEST(a_line_is_answered_at_once)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    say(client, "again\n"); /* the connection goes on */
    expect(client, "Received: again\n\n");
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

START_TEST(a_half_closing_client_gets_every_reply)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    say(client, "a\nb\n");
    half_close(client);
    expect(client, "Received: a\n\nReceived: b\n\n");
    expect_eof(client);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_pipeline_costs_few_sends)
{
    enum { LINES = 10000 };
    static char lines[LINES * 2];
    static char replies[LINES * 13];

    for (size_t i = 0; i < LINES; i++) {
        memcpy(lines + i * 2, "x\n", 2);
        memcpy(replies + i * 13, "Received: x\n\n", 13);
    }
    prepare(LINED_PASSIVE);
    lined_server *server = start();
    int client = dial(lined_server_port(server));
    say_bytes(client, lines, sizeof lines);
    half_close(client);
    expect_bytes(client, replies, sizeof replies);
    expect_eof(client);
    hang_up(client);
    watch_await_closed(&watch, 1);
    ck_assert_uint_le(watch.batch_ends, 60); /* each is one send, and one more every 64 KiB */
    finish(server);
}
END_TEST

START_TEST(figures_add_up)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    say(client, "hello\nwo");
    expect(client, "Received: hello\n\n");
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.connections, 1);
    ck_assert_uint_eq(stats.connected, 1);
    ck_assert_uint_eq(stats.lines, 1);
    half_close(client);
    expect_eof(client);
    hang_up(client);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    stats = stats_of(server);
    ck_assert_uint_eq(stats.connected, 0);
    ck_assert_uint_eq(stats.bytes_in, 8);
    ck_assert_uint_eq(stats.bytes_out, 17);
    ck_assert_uint_eq(stats.bytes_dropped, 2);
    ck_assert_uint_eq(stats.connected_peak, 1);
    ck_assert_uint_eq(stats.rejected, 0);
    ck_assert_uint_eq(stats.accept_errors[0].count, 0); /* the end of accepting is none */
    lined_server_free(server);
}
END_TEST

/* The most that were here at once: seen while they are, and after. */
START_TEST(the_peak_stays)
{
    int clients[3];

    prepare(LINED_PASSIVE);
    lined_server *server = start();
    for (int i = 0; i < 3; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "hello\n");
        expect(clients[i], "Received: hello\n\n");
        ck_assert_uint_eq(stats_of(server).connected_peak, i + 1);
    }
    for (int i = 0; i < 3; i++)
        hang_up(clients[i]);
    watch_await_closed(&watch, 3);
    ck_assert_uint_eq(stats_of(server).connected_peak, 3);
    int last = dial(lined_server_port(server));
    say(last, "hello\n");
    expect(last, "Received: hello\n\n");
    ck_assert_uint_eq(stats_of(server).connected_peak, 3);
    hang_up(last);
    finish(server);
}
END_TEST

START_TEST(an_unfinished_line_can_be_delivered)
{
    prepare(LINED_PASSIVE);
    options.partial = LINED_PARTIAL_DELIVER;
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    say(client, "a\nbc");
    half_close(client);
    expect(client, "Received: a\n\nReceived: bc\n");
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_EOF);
    finish(server);
}
END_TEST

START_TEST(a_long_line_can_close_its_connection)
{
    static char unwanted[100000];

    prepare(LINED_PASSIVE);
    options.max_line = 16;
    options.long_line = LINED_LONG_CLOSE;
    lined_server *server = start();
    int client = dial(lined_server_port(server));
    int other = dial(lined_server_port(server));

    /* The replies so far arrive, although bytes that nobody handles follow the long line. */
    memset(unwanted, 'x', sizeof unwanted);
    say(client, "fits\n");
    say_bytes(client, unwanted, sizeof unwanted);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_LINE_TOO_LONG);
    expect(client, "Received: fits\n\n");
    expect_eof(client);
    hang_up(client);
    say(other, "123456789012345\n"); /* just fits */
    expect(other, "Received: 123456789012345\n\n");
    hang_up(other);
    finish(server);
}
END_TEST

START_TEST(an_idle_client_is_closed)
{
    prepare(LINED_PASSIVE);
    options.idle_timeout_ms = 50;
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    expect_eof(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_IDLE_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

/* The second after which grown buffers are given back passes before the timeout. */
START_TEST(an_idle_client_with_grown_buffers_is_closed)
{
    static char line[4001];

    memset(line, 'x', sizeof line - 1);
    prepare(LINED_PASSIVE);
    options.idle_timeout_ms = 1300;
    lined_server *server = start();
    int client = dial(lined_server_port(server));
    say(client, line);
    drink(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_IDLE_TIMEOUT);
    hang_up(client);
    finish(server);
}
END_TEST

/* Makes the server's thread for client block in a send: nobody reads the replies. */
static void stop_reading(int client)
{
    static char lines[1024 * 1024];
    int on = 1;

    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = '\n';
    ck_assert_int_eq(ioctl(client, FIONBIO, &on), 0);
    struct pollfd writable = {.fd = client, .events = POLLOUT};
    /* No room for 300 ms: the server reads no more. An error: it has given up already. */
    while (poll(&writable, 1, 300) == 1) {
        if (send(client, lines, sizeof lines, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
            break;
    }
}

START_TEST(a_client_that_does_not_read_is_closed_alone)
{
    prepare(LINED_PASSIVE);
    options.send_timeout_ms = 100;
    lined_server *server = start();
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
    lined_server *server = start();
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
    lined_server *server = start();
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

/* How many bytes sent on fd the other kernel has acknowledged, which means that it has them. The
 * SYN counts as one, and so does the FIN. */
static uint64_t acknowledged(int fd)
{
    struct {
        char
            before[120]; /* tcpi_bytes_acked stands here since Linux 4.1; glibc's struct is older */
        uint64_t bytes_acked;
    } info = {0};
    socklen_t size = sizeof info;

    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    ck_assert_uint_eq(size, sizeof info);
    return info.bytes_acked;
}

START_TEST(lines_received_before_a_reset_are_handled)
{
    enum { SIZE = 4 * 1024 * 1024 };
    char *lines = malloc(SIZE);

    ck_assert_ptr_nonnull(lines);
    memset(lines, 0, SIZE); /* as dd does from /dev/zero */
    prepare(LINED_PASSIVE);
    lined_server *server = start();
    int client = dial(lined_server_port(server));
    say_bytes(client, lines, SIZE);
    uint64_t received = acknowledged(client) - 1;
    hang_up_rudely(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), LINED_RESET);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_gt(received, 0);
    ck_assert_uint_ge(stats.bytes_in, received);
    ck_assert_uint_eq(stats.bytes_in, stats.lines * 1460 + stats.bytes_dropped);
    ck_assert_uint_lt(stats.bytes_dropped, 1460);
    ck_assert_uint_eq(watch.lines, stats.lines);
    lined_server_free(server);
    free(lines);
}
END_TEST

/* A handler that stops at its first line until the test lets it go on. */
static sem_t arrived, go_on;

static int answer_after_go_on(void *context, lined_conn *conn, void *state, const char *line,
                              size_t size)
{
    (void)state;
    if (memcmp(line, "wait\n", size) == 0) {
        sem_post(&arrived);
        while (sem_wait(&go_on) != 0)
            continue;
    }
    return lined_send(conn, line, size);
}

static const struct lined_handler waiting_handler = {.line = answer_after_go_on};

static lined_server *start_waiting_handler(void)
{
    sem_init(&arrived, 0, 0);
    sem_init(&go_on, 0, 0);
    return start_handler(&waiting_handler);
}

/* Waits until the kernel of the other side has everything that was sent on fd. */
static void await_acknowledged(int fd, uint64_t bytes)
{
    struct pollfd nothing = {.fd = -1};

    for (int i = 0; i < 10000 && acknowledged(fd) < bytes; i++)
        poll(&nothing, 1, 1); /* the kernel tells nobody when an acknowledgement comes */
    ck_assert_uint_ge(acknowledged(fd), bytes);
}

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
    lined_server *server = start();
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

/* The replies are in the server's kernel, for the client does not read. Bytes that nobody will
 * handle come in: closing now would be a reset, and the replies would be lost. */
START_TEST(a_drain_waits_until_the_client_has_its_replies)
{
    enum { LINES = 40000 };
    static char lines[LINES];

    memset(lines, '\n', sizeof lines);
    prepare(LINED_PASSIVE);
    lined_server *server = start();
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
    lined_server *server = start();
    int client = dial_narrow(lined_server_port(server), 4096);
    say_bytes(client, lines, sizeof lines);
    watch_await_lines(&watch, LINES);
    lined_server_drain(server);
    hang_up_rudely(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(a_stop_is_seen_between_two_lines)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_waiting_handler();
    int client = dial(lined_server_port(server));

    say(client, "wait\na\nb\nc\nd\n");
    sem_wait(&arrived);
    lined_server_stop(server);
    sem_post(&go_on);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_uint_eq(stats_of(server).lines, 1);
    ck_assert_int_eq(watch.last_reason, LINED_CUT);
    hang_up(client);
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
    lined_server *server = start();
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
    options.drain_timeout_ms = 50;
    options.send_timeout_ms = 0;
    lined_server *server = start();
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
    lined_server *server = start();
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

static size_t count_waiters(lined_server *server)
{
    pthread_mutex_lock(&server->lifecycle.lock);
    size_t waiters = server->lifecycle.waiters;
    pthread_mutex_unlock(&server->lifecycle.lock);
    return waiters;
}

static void *wait_for_the_end(void *server)
{
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    return NULL;
}

/* That the waiting thread touches nothing that is freed, the sanitizers see. */
START_TEST(a_server_is_freed_once_no_thread_waits_for_it)
{
    enum { ROUNDS = 100, WAITERS = 2 };

    for (int round = 0; round < ROUNDS; round++) {
        pthread_t waiters[WAITERS];
        prepare(LINED_PASSIVE);
        lined_server *server = start();
        for (int i = 0; i < WAITERS; i++)
            ck_assert_int_eq(pthread_create(&waiters[i], NULL, wait_for_the_end, server), 0);
        while (count_waiters(server) < WAITERS)
            sched_yield();
        lined_server_free(server);
        for (int i = 0; i < WAITERS; i++)
            pthread_join(waiters[i], NULL);
    }
}
END_TEST

START_TEST(a_stop_cuts_at_once)
{
    prepare(LINED_PASSIVE);
    options.drain_timeout_ms = 1000000;
    options.send_timeout_ms = 0;
    lined_server *server = start();
    int deaf = dial_narrow(lined_server_port(server), 4096);

    stop_reading(deaf);
    lined_server_drain(server);
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_int_eq(watch.last_reason, LINED_CUT);
    hang_up(deaf);
    lined_server_free(server);
}
END_TEST

START_TEST(a_server_can_be_freed_while_clients_are_connected)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    lined_server_free(server);
    ck_assert_uint_eq(watch.closed, 1);
    ck_assert_int_eq(watch.last_reason, LINED_CUT);
    drink(client);
    hang_up(client);
}
END_TEST

START_TEST(a_port_can_be_used_again_at_once)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start();
    int client = dial(lined_server_port(server));

    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    /* The server closes first, so its side stays in TIME-WAIT. */
    lined_server_drain(server);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    options.port = lined_server_port(server);
    lined_server_free(server);
    server = start();
    ck_assert_uint_eq(lined_server_port(server), options.port);
    client = dial(options.port);
    hang_up(client);
    watch_await_closed(&watch, 2);
    finish(server);
}
END_TEST

static void *drain_it(void *server)
{
    lined_server_drain(server);
    return NULL;
}

static void *stop_it(void *server)
{
    lined_server_stop(server);
    return NULL;
}

/* Whoever drains or stops a server may still be at it when another thread has waited and frees. */
START_TEST(one_thread_ends_a_server_while_another_frees_it)
{
    for (int round = 0; round < 100; round++) {
        pthread_t ender;
        prepare(LINED_PASSIVE);
        lined_server *server = start();
        int client = dial(lined_server_port(server));
        ck_assert_int_eq(pthread_create(&ender, NULL, round % 2 == 0 ? drain_it : stop_it, server),
                         0);
        lined_server_wait(server);
        lined_server_free(server);
        ck_assert_int_eq(pthread_join(ender, NULL), 0);
        hang_up(client);
    }
}
END_TEST

START_TEST(two_servers_live_side_by_side)
{
    prepare(LINED_PASSIVE);
    lined_server *one = start();
    lined_server *other = start();
    int client = dial(lined_server_port(one));
    int other_client = dial(lined_server_port(other));

    say(other_client, "other\n");
    say(client, "one\n");
    expect(client, "Received: one\n\n");
    expect(other_client, "Received: other\n\n");
    lined_server_free(one);
    say(other_client, "still\n");
    expect(other_client, "Received: still\n\n");
    hang_up(client);
    hang_up(other_client);
    finish(other);
}
END_TEST

START_TEST(what_cannot_be_served_is_refused)
{
    lined_server *server = NULL;
    lined_server *other = NULL;

    prepare(LINED_PASSIVE);
    options.ip = "localhost";
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), -EINVAL);
    prepare(LINED_PASSIVE);
    options.max_line = LINED_MAX_LINE_MIN - 1;
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), -EINVAL);
    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, NULL, NULL), -EINVAL);
    options.ip = "192.0.2.1"; /* TEST-NET-1: nobody's */
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL),
                     -EADDRNOTAVAIL);
    prepare(LINED_PASSIVE);
    server = start();
    options.port = lined_server_port(server);
    ck_assert_int_eq(lined_server_new(&other, &options, &lined_handler_received, NULL),
                     -EADDRINUSE);
    finish(server);
}
END_TEST

/* With the options as they are, which are prepared anew. */
static void expect_refused(void)
{
    lined_server *server = NULL;

    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), -EINVAL);
    prepare(LINED_PASSIVE);
}

START_TEST(options_out_of_range_are_refused)
{
    prepare(LINED_PASSIVE);
    options.ip = NULL;
    expect_refused();
    options.backlog = 0;
    expect_refused();
    options.max_line = LINED_MAX_LINE_MAX + 1;
    expect_refused();
    options.long_line = LINED_LONG_CLOSE + 1;
    expect_refused();
    options.partial = LINED_PARTIAL_DELIVER + 1;
    expect_refused();
    options.mode = LINED_ACTIVE + 1;
    expect_refused();
    options.push_limit = 0;
    expect_refused();
    options.overflow = LINED_OVERFLOW_REJECT + 1;
    expect_refused();
    uint32_t *const times[] = {&options.send_timeout_ms, &options.idle_timeout_ms,
                               &options.line_timeout_ms, &options.session_timeout_ms,
                               &options.drain_timeout_ms};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        *times[i] = (uint32_t)INT32_MAX + 1;
        expect_refused();
    }
    options.busy_poll_us = LINED_BUSY_POLL_MAX + 1;
    expect_refused();
    finish(start()); /* it was not for anything else */
}
END_TEST

static int own_nothing(void *context, lined_conn *conn, void *state)
{
    (void)conn;
    (void)state;
    return LINED_END;
}

START_TEST(a_handler_has_either_a_line_or_a_task)
{
    static const struct lined_handler neither;
    const struct lined_handler both = {.line = lined_handler_received.line, .task = own_nothing};
    lined_server *server = NULL;

    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &neither, NULL), -EINVAL);
    ck_assert_int_eq(lined_server_new(&server, &options, &both, NULL), -EINVAL);
}
END_TEST

static void serve_one_watched_by(const struct lined_observer *observer)
{
    prepare(LINED_PASSIVE);
    options.observer = observer;
    lined_server *server = start();
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    lined_server_stop(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    lined_server_free(server);
    hang_up(client);
}

START_TEST(nobody_need_watch)
{
    static const struct lined_observer blind; /* each of its callbacks may be NULL */

    serve_one_watched_by(NULL);
    serve_one_watched_by(&blind);
}
END_TEST

START_TEST(a_second_drain_changes_nothing)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start();
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
    say(client, "who\n");
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

/* ---- what a connection costs ---- */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static int echo(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    return lined_send(conn, line, size);
}

START_TEST(an_idle_connection_gives_its_buffers_back)
{
    static const struct lined_handler echoing = {.line = echo};
    static char lines[300000];
    struct pollfd nothing = {.fd = -1};

    memset(lines, '\n', sizeof lines);
    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&echoing);
    int client = dial(lined_server_port(server));
    say_bytes(client, lines, sizeof lines);
    expect_bytes(client, lines, sizeof lines);
    size_t busy = mallinfo2().uordblks;
    for (int i = 0; i < 500 && mallinfo2().uordblks + 100000 > busy; i++)
        poll(&nothing, 1, 20);                              /* it tells nobody */
    ck_assert_uint_lt(mallinfo2().uordblks + 100000, busy); /* of two buffers of 64 KiB */
    hang_up(client);
    finish(server);
}
END_TEST

/* In KB. */
static long resident(void)
{
    long kb = 0;
    char line[128];
    FILE *file = fopen("/proc/self/status", "re");

    ck_assert_ptr_nonnull(file);
    while (kb == 0 && fgets(line, sizeof line, file) != NULL)
        sscanf(line, "VmRSS: %ld", &kb);
    fclose(file);
    return kb;
}

static void serve_a_burst(lined_server *server)
{
    enum { CLIENTS = 200 };
    int clients[CLIENTS];

    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = dial(lined_server_port(server));
    for (size_t i = 0; i < CLIENTS; i++) {
        say(clients[i], "hello\n");
        expect(clients[i], "Received: hello\n\n");
    }
    for (size_t i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    while (stats_of(server).connected > 0)
        sched_yield();
}

/* The C library may keep some memory after the first bursts. */
START_TEST(memory_does_not_grow_over_ten_bursts)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start();
    serve_a_burst(server);
    serve_a_burst(server);
    long kb = resident();
    for (int i = 0; i < 8; i++)
        serve_a_burst(server);
    ck_assert_int_le(resident(), kb + 1024); /* one stack each would be 1,600 at least */
    finish(server);
}
END_TEST
#endif

static int refuse(void *context, lined_conn *conn, void **state)
{
    (void)conn;
    (void)state;
    return -EACCES;
}

static size_t count_threads(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/task");

    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* So what the caller gives up between the two, no thread of the server has. */
START_TEST(a_new_server_listens_and_has_no_thread)
{
    const enum lined_mode modes[] = {LINED_PASSIVE, LINED_ACTIVE};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        lined_server *server;
        prepare(modes[i]);
        size_t before = count_threads();
        ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL),
                         LINED_OK);
        ck_assert_uint_le(count_threads(), before); /* threads of the server before may end */
        int queued = dial(lined_server_port(server));
        say(queued, "hello\n");
        ck_assert_int_eq(lined_server_start(server), LINED_OK);
        ck_assert_int_eq(lined_server_start(server), -EALREADY);
        ck_assert_uint_gt(count_threads(), before);
        expect(queued, "Received: hello\n\n");
        hang_up(queued);
        finish(server);
    }
}
END_TEST

START_TEST(a_server_that_was_not_started_is_freed)
{
    lined_server *server;

    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    int queued = dial(lined_server_port(server));
    ck_assert_int_eq(lined_server_wait(server), -EINVAL);
    lined_server_free(server);
    ck_assert_uint_eq(drink(queued), 0);
    hang_up(queued);
}
END_TEST

/* The clients that waited before the drain are served. */
START_TEST(a_server_that_drains_before_its_start_serves_the_queue)
{
    lined_server *server;

    prepare(LINED_PASSIVE);
    ck_assert_int_eq(lined_server_new(&server, &options, &lined_handler_received, NULL), LINED_OK);
    int queued = dial(lined_server_port(server));
    say(queued, "hello\n");
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    expect(queued, "Received: hello\n\n");
    expect_eof(queued);
    hang_up(queued);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

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

static pid_t served_by;

static int note_thread(void *context, lined_conn *conn, void **state)
{
    (void)conn;
    (void)state;
    served_by = gettid();
    return LINED_OK;
}

/* The thread may not be back when the next client comes; but some time it is. */
START_TEST(a_thread_serves_one_connection_after_another)
{
    const struct lined_handler noting = {.open = note_thread, .line = lined_handler_received.line};
    pid_t before[2] = {0}; /* two may take turns */
    size_t count = 0;

    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&noting);
    do {
        before[1] = before[0];
        before[0] = served_by;
        int client = dial(lined_server_port(server));
        say(client, "hello\n");
        expect(client, "Received: hello\n\n");
        hang_up(client);
        watch_await_closed(&watch, ++count);
    } while (served_by != before[0] && served_by != before[1]);
    finish(server);
}
END_TEST

START_TEST(a_handler_can_refuse_a_connection)
{
    const struct lined_handler refusing = {.open = refuse, .line = obey, .close = close_noting};

    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&refusing);
    int client = dial(lined_server_port(server));
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(watch_await_closed(&watch, 1), -EACCES);
    ck_assert_int_eq(last_close_reason, 0); /* close is not called where open refused */
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
        {-ETIMEDOUT, "etimedout"},
        {-ECONNRESET, "econnreset"},
        {LINED_GONE + 1, "unknown reason 15"},
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
        a_line_is_answered_at_once,
        a_half_closing_client_gets_every_reply,
        a_pipeline_costs_few_sends,
        figures_add_up,
        the_peak_stays,
        an_unfinished_line_can_be_delivered,
        a_long_line_can_close_its_connection,
        an_idle_client_is_closed,
        an_idle_client_with_grown_buffers_is_closed,
        a_client_that_does_not_read_is_closed_alone,
        a_slow_reader_is_not_closed,
        a_client_that_talks_is_not_idle,
        lines_received_before_a_reset_are_handled,
        a_drain_answers_what_was_received,
        a_client_that_never_pauses_does_not_keep_a_drain_up,
        a_drain_waits_until_the_client_has_its_replies,
        a_drain_does_not_wait_for_a_client_that_is_gone,
        a_stop_is_seen_between_two_lines,
        a_drain_tells_an_ended_client_from_one_that_stays,
        a_drain_ends_idle_clients_and_takes_no_new_ones,
        a_drain_cuts_what_is_left_at_its_deadline,
        a_drain_cuts_although_no_thread_waits_for_the_server,
        a_drain_cuts_beside_a_callback_that_waits,
        a_server_is_freed_once_no_thread_waits_for_it,
        a_stop_cuts_at_once,
        a_server_can_be_freed_while_clients_are_connected,
        a_port_can_be_used_again_at_once,
        one_thread_ends_a_server_while_another_frees_it,
        two_servers_live_side_by_side,
        what_cannot_be_served_is_refused,
        options_out_of_range_are_refused,
        a_handler_has_either_a_line_or_a_task,
        nobody_need_watch,
        a_second_drain_changes_nothing,
        a_handler_decides_what_is_said_and_when_it_ends,
        a_new_server_listens_and_has_no_thread,
        a_server_that_was_not_started_is_freed,
        a_server_that_drains_before_its_start_serves_the_queue,
        callbacks_get_the_context_of_their_server,
        a_thread_serves_one_connection_after_another,
        a_handler_can_refuse_a_connection,
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        an_idle_connection_gives_its_buffers_back,
        memory_does_not_grow_over_ten_bursts,
#endif
        reasons_have_words,
    };
    return suite_run("server", tests, sizeof tests / sizeof tests[0]);
}
