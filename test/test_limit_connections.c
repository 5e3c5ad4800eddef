/* max_connections: at the limit clients wait in the backlog. */
#include "accept_faults.h"
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "rest.h"
#include "suite.h"
#include "threads.h"
#include "watch.h"

#include <lined.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

START_TEST(at_the_limit_clients_wait)
{
    int clients[2];
    lined_server *server = start_full(clients, LINED_OVERFLOW_WAIT);
    int third = dial(lined_server_port(server));

    say(third, "third\n");
    AWAIT(atomic_load(&pauses) > 0);
    ck_assert_int_eq(atomic_load(&last_pause), LINED_PAUSE_LIMIT);
    ck_assert_int_eq(atomic_load(&last_error), 0);
    unsigned calls = atomic_load(&accept_calls);
    expect_rest(getpid());
    ck_assert_uint_eq(atomic_load(&accept_calls), calls); /* not once */
    talk(clients[0]);                                     /* connected clients do not notice */
    ck_assert_uint_eq(stats_of(server).connections, 2);
    hang_up(clients[1]);
    expect(third, "Received: third\n\n");
    hang_up(third);
    hang_up(clients[0]);
    finish(server);
    ck_assert_uint_gt(atomic_load(&pauses), 0);
}
END_TEST

START_TEST(no_more_than_the_limit_are_served_at_a_time)
{
    enum { CLIENTS = 200, LIMIT = 3 };
    int clients[CLIENTS];

    prepare_overload();
    options.max_connections = LIMIT;
    lined_server *server = start_handler(&counting);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "hello\n");
        half_close(clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        expect_eof(clients[i]);
        hang_up(clients[i]);
    }
    finish(server);
    ck_assert_int_ge(atomic_load(&peak), 1);
    ck_assert_int_le(atomic_load(&peak), LIMIT);
}
END_TEST

START_TEST(a_drain_serves_the_clients_behind_the_limit)
{
    enum { CLIENTS = 5 };
    int clients[2];
    int waiting[CLIENTS];
    lined_server *server = start_full(clients, LINED_OVERFLOW_WAIT);

    for (int i = 0; i < CLIENTS; i++) {
        waiting[i] = dial(lined_server_port(server));
        say(waiting[i], "hello\n");
    }
    AWAIT(atomic_load(&pauses) > 0);
    lined_server_drain(server);
    for (int i = 0; i < CLIENTS; i++) {
        expect(waiting[i], "Received: hello\n\n");
        hang_up(waiting[i]);
    }
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_le(atomic_load(&peak), 2);
    lined_server_free(server);
    hang_up(clients[0]);
    hang_up(clients[1]);
}
END_TEST

static sem_t may_go_on;

static int wait_in_callback(void *context, lined_conn *conn, void *state, const char *line,
                            size_t size)
{
    (void)conn;
    (void)state;
    (void)line;
    (void)size;
    ck_assert_int_eq(sem_wait(&may_go_on), 0);
    return LINED_OK;
}

/* The one connection cannot leave, for its callback waits; but the acceptor ends. */
START_TEST(a_stop_wakes_an_acceptor_that_waits_at_the_limit)
{
    static const struct lined_handler waiting = {.line = wait_in_callback};

    ck_assert_int_eq(sem_init(&may_go_on, 0, 0), 0);
    prepare_overload();
    options.max_connections = 1;
    lined_server *server = start_handler(&waiting);
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    watch_await_lines(&watch, 1);
    AWAIT(atomic_load(&pauses) > 0);
    size_t threads = count_threads();
    lined_server_stop(server);
    AWAIT(count_threads() == threads - 1);
    ck_assert_int_eq(sem_post(&may_go_on), 0);
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    lined_server_free(server);
    hang_up(client);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        at_the_limit_clients_wait,
        no_more_than_the_limit_are_served_at_a_time,
        a_drain_serves_the_clients_behind_the_limit,
        a_stop_wakes_an_acceptor_that_waits_at_the_limit,
    };
    return suite_run("limit_connections", tests, sizeof tests / sizeof tests[0]);
}
