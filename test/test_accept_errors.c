/* A server with an accept(2) that fails. */
#include "accept_faults.h"
#include "await.h"
#include "clock.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "rest.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

static void prepare_faults(void)
{
    prepare_overload();
}

/* A connected client; from now on accept(2) fails, so many times. */
static int start_failing(lined_server *server, int error, int times)
{
    int client = dial(lined_server_port(server));

    talk(client);
    fail_accept(error, times);
    return client;
}

START_TEST(a_client_that_cannot_be_accepted_costs_no_other)
{
    static const int errors[] = {EINTR,       ECONNABORTED, EPROTO,          ENETDOWN,
                                 ENETUNREACH, EHOSTDOWN,    EHOSTUNREACH,    ENONET,
                                 ENOPROTOOPT, EOPNOTSUPP,   EPERM,           ETIMEDOUT,
                                 ENOSR,       EAGAIN,       ESOCKTNOSUPPORT, EPROTONOSUPPORT};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        prepare_faults();
        lined_server *server = start_handler(&counting);
        int client = start_failing(server, errors[i], 16);
        int64_t began = now_us();
        int next = dial(lined_server_port(server));
        talk(next);
        ck_assert_int_lt(now_us() - began, 1000000);
        ck_assert_int_eq(atomic_load(&accept_failures_left), 0);
        ck_assert_uint_eq(atomic_load(&pauses), 0); /* not paced, not told */
        fail_accept(0, 0);
        hang_up(client);
        hang_up(next);
        finish(server);
    }
}
END_TEST

/* While the cause lasts the acceptor pauses, and connected clients do not notice. */
static void expect_paced(int error, unsigned calls_a_pause)
{
    int64_t quickest = INT64_MAX;

    prepare_faults();
    lined_server *server = start_handler(&counting);
    int client = start_failing(server, error, -1);
    int waiting = dial(lined_server_port(server));
    AWAIT(atomic_load(&pauses) > 0);
    ck_assert_int_eq(atomic_load(&last_pause), LINED_PAUSE_ACCEPT);
    ck_assert_int_eq(atomic_load(&last_error), error);
    unsigned calls = atomic_load(&accept_calls);
    int64_t rest_began = now_us();
    expect_rest(getpid());
    int64_t rests = (now_us() - rest_began) / 50000 + 2;
    ck_assert_uint_le(atomic_load(&accept_calls) - calls, calls_a_pause * (unsigned)rests);
    talk(client);
    /* Back within 100 ms; the best of some, for this machine may have others' work to do. */
    for (int i = 0; i < 5; i++) {
        int next = dial(lined_server_port(server));
        say(next, "hello\n");
        calls = atomic_load(&accept_calls);
        AWAIT(atomic_load(&accept_calls) != calls); /* it has just failed, and rests */
        fail_accept(0, 0);
        int64_t began = now_us();
        expect(next, "Received: hello\n\n");
        int64_t took = now_us() - began;
        quickest = took < quickest ? took : quickest;
        hang_up(next);
        hang_up(start_failing(server, error, -1));
    }
    ck_assert_msg(quickest <= BACK_WITHIN_US, "errno %d: %lld us", error, (long long)quickest);
    fail_accept(0, 0);
    hang_up(waiting);
    hang_up(client);
    finish(server);
}

START_TEST(without_a_resource_the_acceptor_pauses)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        expect_paced(errors[i], 1);
}
END_TEST

START_TEST(endless_errors_of_clients_are_paced_too)
{
    expect_paced(ECONNABORTED, 17);
}
END_TEST

/* Makes an acceptor that waits call accept(2) again. One that did not wait has failed already, and
 * this client is refused. */
static int knock(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(client, 0);
    if (connect(client, (const struct sockaddr *)&address, sizeof address) != 0)
        ck_assert(errno == ECONNREFUSED || errno == ECONNRESET);
    return client;
}

static atomic_int drains;

static void count_draining(void *context, lined_server *server)
{
    ck_assert(lined_server_is_draining(server));
    atomic_fetch_add(&drains, 1);
}

START_TEST(an_error_for_good_ends_the_server)
{
    struct lined_handler handler = counting;

    handler.draining = count_draining;
    static const int errors[] = {EBADF, ENOTSOCK, EFAULT, EXDEV, EINVAL};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        prepare_faults();
        lined_server *server = start_handler(&handler);
        int client = start_failing(server, errors[i], -1);
        int waiting = knock(lined_server_port(server));
        ck_assert_int_eq(lined_server_wait(server), -errors[i]);
        ck_assert_int_eq(atomic_exchange(&drains, 0), 1);
        expect_eof(client); /* drained, not left hanging */
        hang_up(client);
        hang_up(waiting);
        fail_accept(0, 0);
        lined_server_free(server);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_client_that_cannot_be_accepted_costs_no_other,
        without_a_resource_the_acceptor_pauses,
        endless_errors_of_clients_are_paced_too,
        an_error_for_good_ends_the_server,
    };
    return suite_run("accept_errors", tests, sizeof tests / sizeof tests[0]);
}
