/* Options that change while the server runs; accepting that is suspended; drains that wait. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static lined_server *server;

static atomic_uint pauses; /* calls of accept_paused */

static void on_pause(void *context, enum lined_accept_pause why, int error)
{
    (void)context;
    (void)why;
    (void)error;
    atomic_fetch_add(&pauses, 1);
}

static void start(void)
{
    prepare(LINED_PASSIVE);
    server = start_server();
}

static int dial_server(void)
{
    return dial(lined_server_port(server));
}

static void exchange(int client)
{
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
}

static uint64_t connected(void)
{
    return stats_of(server).connected;
}

START_TEST(fixed_options_are_refused)
{
    start();
    struct lined_options next = options;
    ck_assert_int_eq(lined_server_set(server, &next), 0);
    next.max_line++;
    ck_assert_int_eq(lined_server_set(server, &next), -EINVAL);
    next = options;
    next.mode = LINED_ACTIVE;
    ck_assert_int_eq(lined_server_set(server, &next), -EINVAL);
    next = options;
    next.drain_mode = LINED_DRAIN_WAIT;
    ck_assert_int_eq(lined_server_set(server, &next), -EINVAL);
    next = options;
    next.idle_timeout_ms = UINT32_MAX;
    ck_assert_int_eq(lined_server_set(server, &next), -EINVAL);
    finish(server);
}
END_TEST

START_TEST(timeouts_change_for_new_connections)
{
    start();
    int old = dial_server();
    exchange(old);
    options.idle_timeout_ms = 50;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    int new = dial_server();
    expect_eof(new);
    exchange(old);
    hang_up(new);
    hang_up(old);
    finish(server);
}
END_TEST

/* A send that waits has the old limit, none; the next that waits has the new one. */
START_TEST(the_send_timeout_changes_for_connections)
{
    prepare(LINED_PASSIVE);
    options.send_timeout_ms = 0;
    server = start_server();
    int client = dial_server();
    exchange(client);
    options.send_timeout_ms = 100;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    stop_reading(client);
    AWAIT(connected() == 0);
    hang_up(client);
    finish(server);
}
END_TEST

/* An acceptor that waits at the limit sees that it is higher, and later that it rejects. */
START_TEST(limits_change_while_the_acceptor_waits)
{
    prepare(LINED_PASSIVE);
    watch.observer.accept_paused = on_pause;
    options.max_connections = 1;
    server = start_server();
    int first = dial_server();
    exchange(first);
    int second = dial_server();
    say(second, "hello\n");
    AWAIT(atomic_load(&pauses) > 0);
    options.max_connections = 2;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    expect(second, "Received: hello\n\n");
    int third = dial_server();
    options.overflow = LINED_OVERFLOW_REJECT;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    expect(third, "Server busy\n");
    options.max_connections = 0;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    int fourth = dial_server();
    exchange(fourth);
    hang_up(first);
    hang_up(second);
    hang_up(third);
    hang_up(fourth);
    finish(server);
}
END_TEST

/* Connections of the time without a limit do not count, and leave without harm. */
START_TEST(the_limit_of_an_address_comes_and_goes)
{
    start();
    int before = dial_server();
    exchange(before);
    options.max_per_ip = 1;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    int counted = dial_server();
    exchange(counted);
    int rejected = dial_server();
    expect(rejected, "Too many connections from your address\n");
    hang_up(before);
    hang_up(rejected);
    options.max_per_ip = 0;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    int after = dial_server();
    exchange(after);
    hang_up(counted);
    hang_up(after);
    AWAIT(connected() == 0);
    finish(server);
}
END_TEST

START_TEST(suspended_clients_wait_in_the_backlog)
{
    start();
    int first = dial_server();
    exchange(first);
    lined_server_suspend(server);
    int last = dial_server(); /* the acceptor may have been in accept(2) */
    hang_up(last);
    int waiting = dial_server();
    say(waiting, "hello\n");
    exchange(first);
    exchange(first);
    ck_assert_uint_le(stats_of(server).connections, 2);
    lined_server_resume(server);
    expect(waiting, "Received: hello\n\n");
    hang_up(waiting);
    lined_server_suspend(server);
    int drained = dial_server();
    say(drained, "hello\n");
    lined_server_drain(server);
    expect(drained, "Received: hello\n\n");
    expect_eof(drained);
    hang_up(drained);
    hang_up(first);
    finish(server);
}
END_TEST

START_TEST(a_drain_can_wait_for_clients)
{
    prepare(LINED_PASSIVE);
    options.drain_mode = LINED_DRAIN_WAIT;
    options.drain_timeout_ms = 60 * 1000;
    server = start_server();
    int client = dial_server();
    exchange(client);
    lined_server_drain(server);
    exchange(client);
    exchange(client);
    half_close(client);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(a_drain_that_waits_cuts_after_its_timeout)
{
    prepare(LINED_PASSIVE);
    options.drain_mode = LINED_DRAIN_WAIT;
    server = start_server();
    options.drain_timeout_ms = 100;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    int client = dial_server();
    exchange(client);
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

enum { CLIENTS = 64, LINES = 200 };

static void *talk(void *unused)
{
    int client = dial_server();

    for (int i = 0; i < LINES; i++)
        exchange(client);
    half_close(client);
    expect_eof(client);
    hang_up(client);
    return unused;
}

/* Every line is answered, and each is counted once. */
START_TEST(nothing_is_lost_while_options_change)
{
    pthread_t clients[CLIENTS];

    start();
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&clients[i], NULL, talk, NULL), 0);
    for (unsigned i = 0; stats_of(server).lines < CLIENTS * LINES / 2 || i < 1000; i++) {
        options.max_connections = i % 3 == 0 ? 0 : 8 * (i % 8 + 1);
        options.max_per_ip = i % 2 == 0 ? 0 : 1000;
        options.accept_rate = i % 5 == 0 ? 100000 : 0;
        options.send_timeout_ms = 10000 + i;
        options.idle_timeout_ms = i % 2 == 0 ? 0 : 60000;
        ck_assert_int_eq(lined_server_set(server, &options), 0);
        if (i % 16 == 0)
            lined_server_suspend(server);
        if (i % 16 == 1)
            lined_server_resume(server);
    }
    options.max_connections = 0;
    ck_assert_int_eq(lined_server_set(server, &options), 0);
    lined_server_resume(server);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_join(clients[i], NULL), 0);
    AWAIT(connected() == 0);
    ck_assert_uint_eq(stats_of(server).lines, CLIENTS * LINES);
    ck_assert_uint_eq(stats_of(server).bytes_dropped, 0);
    ck_assert_uint_eq(stats_of(server).connections, CLIENTS);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        fixed_options_are_refused,
        timeouts_change_for_new_connections,
        the_send_timeout_changes_for_connections,
        limits_change_while_the_acceptor_waits,
        the_limit_of_an_address_comes_and_goes,
        suspended_clients_wait_in_the_backlog,
        a_drain_can_wait_for_clients,
        a_drain_that_waits_cuts_after_its_timeout,
        nothing_is_lost_while_options_change,
    };
    return suite_run("server_set", tests, sizeof tests / sizeof tests[0]);
}
