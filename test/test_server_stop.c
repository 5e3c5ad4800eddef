/* A stop, and the end of a server: lined_server_stop, _wait and _free. */
#include "../src/server.h"

#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "waiting_handler.h"

#include <lined.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

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
        lined_server *server = start_server();
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
    lined_server *server = start_server();
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
    lined_server *server = start_server();
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

/* One thread can still drain or stop a server when another has waited and frees it. */
START_TEST(one_thread_ends_a_server_while_another_frees_it)
{
    for (int round = 0; round < 100; round++) {
        pthread_t ender;
        prepare(LINED_PASSIVE);
        lined_server *server = start_server();
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

int main(void)
{
    const TTest *const tests[] = {
        a_stop_is_seen_between_two_lines,
        a_server_is_freed_once_no_thread_waits_for_it,
        a_stop_cuts_at_once,
        a_server_can_be_freed_while_clients_are_connected,
        one_thread_ends_a_server_while_another_frees_it,
    };
    return suite_run("server_stop", tests, sizeof tests / sizeof tests[0]);
}
