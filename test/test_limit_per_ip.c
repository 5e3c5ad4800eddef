/* max_per_ip: clients of one address. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "suite.h"

#include <lined.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>

START_TEST(a_closed_connection_does_not_count_for_its_address)
{
    prepare_overload();
    options.max_per_ip = 1;
    lined_server *server = start_handler(&counting);
    come_again_and_again(server);
    finish(server);
}
END_TEST

START_TEST(one_address_has_its_own_limit)
{
    static const char line[] = "Too many connections from your address\n";
    int ours[2];

    prepare_overload();
    options.max_per_ip = 2;
    lined_server *server = start_handler(&counting);
    uint16_t port = lined_server_port(server);
    for (int i = 0; i < 2; i++) {
        ours[i] = dial_from(INADDR_LOOPBACK, port);
        talk(ours[i]);
    }
    expect_reject(dial_from(INADDR_LOOPBACK, port), line);
    int other = dial_from(INADDR_LOOPBACK + 1, port);
    talk(other);
    ck_assert_uint_eq(stats_of(server).rejected, 1);
    hang_up(ours[0]);
    AWAIT(stats_of(server).connected == 2);
    ours[0] = dial_from(INADDR_LOOPBACK, port);
    talk(ours[0]);
    expect_reject(dial_from(INADDR_LOOPBACK, port), line);
    ck_assert_uint_eq(stats_of(server).rejected, 2);
    ck_assert_uint_eq(atomic_load(&pauses), 0);
    hang_up(ours[0]);
    hang_up(ours[1]);
    hang_up(other);
    finish(server);
}
END_TEST

static int end_at_once(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    int result = lined_send(conn, line, size);
    return result == LINED_OK ? LINED_END : result;
}

/* The server waits a second for them, but for no more of them than may be connected. */
START_TEST(clients_that_do_not_close_hold_few_places)
{
    enum { CLIENTS = 100, LIMIT = 2 };
    static const struct lined_handler handler = {.line = end_at_once};
    int clients[CLIENTS];

    prepare_overload();
    options.max_per_ip = LIMIT;
    lined_server *server = start_handler(&handler);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "bye\n");
        expect(clients[i], "bye\n");
        expect_eof(clients[i]);
    }
    /* The peak has also connections that have ended, before their threads ran again. */
    ck_assert_uint_le(stats_of(server).connected_peak, CLIENTS / 2);
    ck_assert_uint_eq(stats_of(server).rejected, 0);
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    finish(server);
}
END_TEST

/* Also while the acceptor waits because another client has taken the last place. */
START_TEST(a_rejected_client_that_stays_is_closed_at_the_limit_too)
{
    prepare_overload();
    options.max_connections = 2;
    options.max_per_ip = 1;
    lined_server *server = start_handler(&counting);
    uint16_t port = lined_server_port(server);
    int first = dial_from(INADDR_LOOPBACK, port);
    talk(first);
    int rejected = dial_from(INADDR_LOOPBACK, port);
    expect(rejected, "Too many connections from your address\n");
    expect_eof(rejected);
    int second = dial_from(INADDR_LOOPBACK + 1, port);
    talk(second);
    AWAIT(atomic_load(&pauses) > 0);
    await_reset(rejected);
    hang_up(rejected);
    int third = dial_from(INADDR_LOOPBACK + 2, port);
    say(third, "hello\n");
    hang_up(first);
    expect(third, "Received: hello\n\n");
    hang_up(second);
    hang_up(third);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_closed_connection_does_not_count_for_its_address,
        one_address_has_its_own_limit,
        clients_that_do_not_close_hold_few_places,
        a_rejected_client_that_stays_is_closed_at_the_limit_too,
    };
    return suite_run("limit_per_ip", tests, sizeof tests / sizeof tests[0]);
}
