/* A server with a pthread_create(3) that fails. */
#include "await.h"
#include "clock.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "rest.h"
#include "suite.h"
#include "thread_faults.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lined.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/* No client leaves in between, for that would leave an idle thread. */
static void expect_thread_wait(int error)
{
    enum { TIMES = 5 };
    int clients[2 * TIMES];
    int64_t quickest = INT64_MAX;

    prepare_overload();
    options.max_per_ip = 2 * TIMES + 1; /* a second try does not count a client twice */
    lined_server *server = start_handler(&counting);
    int client = dial(lined_server_port(server));
    talk(client);
    for (int i = 0; i < TIMES; i++) {
        fail_threads(error, -1);
        unsigned failures = atomic_load(&thread_failures);
        int next = dial(lined_server_port(server));
        int after = dial(lined_server_port(server));
        say(next, "hello\n");
        say(after, "hello\n");
        AWAIT(atomic_load(&thread_failures) != failures);
        talk(client);
        if (i == 0)
            expect_rest(getpid());
        fail_threads(0, 0);
        int64_t began = now_us();
        expect(next, "Received: hello\n\n"); /* no client was lost */
        expect(after, "Received: hello\n\n");
        int64_t took = now_us() - began;
        quickest = took < quickest ? took : quickest;
        clients[2 * i] = next;
        clients[2 * i + 1] = after;
    }
    for (int i = 0; i < 2 * TIMES; i++)
        hang_up(clients[i]);
    ck_assert_msg(quickest <= BACK_WITHIN_US, "errno %d: %lld us", error, (long long)quickest);
    ck_assert_uint_gt(atomic_load(&pauses), 0);
    ck_assert_int_eq(atomic_load(&last_pause), LINED_PAUSE_THREAD);
    ck_assert_int_eq(atomic_load(&last_error), error);
    ck_assert_uint_eq(stats_of(server).connections, 2 * TIMES + 1);
    ck_assert_uint_eq(stats_of(server).rejected, 0);
    hang_up(client);
    finish(server);
}

START_TEST(without_a_thread_clients_wait)
{
    expect_thread_wait(EAGAIN);
    expect_thread_wait(ENOMEM);
}
END_TEST

START_TEST(a_drain_goes_on_when_there_are_threads_again)
{
    prepare_overload();
    lined_server *server = start_handler(&counting);
    fail_threads(EAGAIN, -1);
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    AWAIT(atomic_load(&thread_failures) > 0);
    lined_server_drain(server);
    fail_threads(0, 0);
    expect(client, "Received: hello\n\n");
    hang_up(client);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(without_threads_a_stop_is_a_stop)
{
    prepare_overload();
    lined_server *server = start_handler(&counting);
    fail_threads(EAGAIN, -1);
    int client = dial(lined_server_port(server));
    AWAIT(atomic_load(&thread_failures) > 0);
    lined_server_stop(server);
    lined_server_wait(server);
    drink(client);
    hang_up(client);
    lined_server_free(server);
}
END_TEST

static atomic_int cuts;

static int ignore_line(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    return LINED_OK;
}

static void count_cut(void *context, lined_server *server)
{
    atomic_fetch_add(&cuts, 1);
}

/* The second acceptor's thread cannot be made: the first one ends, and a socket that other
 * processes share is not shut down. Connections may have come, so the handler learns of the cut. */
START_TEST(a_start_without_every_acceptor_fails)
{
    static const struct lined_handler handler = {.line = ignore_line, .cut = count_cut};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    for (unsigned later = 0; later < 6; later++) { /* flusher, dispatcher, timers, 3 acceptors */
        lined_server *server;
        prepare(LINED_ACTIVE);
        ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), 0);
        ck_assert_int_eq(lined_server_listen(server, "127.0.0.1:0"), 0);
        ck_assert_int_eq(lined_server_listen_fd(server, dup(listener)), 0);
        fail_threads_later(EAGAIN, later);
        ck_assert_int_eq(lined_server_start(server), -EAGAIN);
        fail_threads(0, 0);
        lined_server_free(server);
        ck_assert_int_eq(atomic_exchange(&cuts, 0), later < 3 ? 0 : 1);
    }
    int client = dial(ntohs(address.sin_port));
    int fd = accept(listener, NULL, NULL);
    ck_assert_int_ge(fd, 0);
    close(fd);
    hang_up(client);
    close(listener);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        without_a_thread_clients_wait,
        a_drain_goes_on_when_there_are_threads_again,
        without_threads_a_stop_is_a_stop,
        a_start_without_every_acceptor_fails,
    };
    return suite_run("thread_errors", tests, sizeof tests / sizeof tests[0]);
}
