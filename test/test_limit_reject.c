/* max_connections with LINED_OVERFLOW_REJECT: at the limit clients are rejected. */
#include "await.h"
#include "clock.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

START_TEST(a_handler_may_have_texts_of_its_own)
{
    struct lined_handler speaking = counting;

    speaking.reject_busy = "full\r\n";
    speaking.reject_per_ip = "crowded\r\n";
    prepare_overload();
    options.max_connections = 2;
    options.max_per_ip = 1;
    options.overflow = LINED_OVERFLOW_REJECT;
    lined_server *server = start_handler(&speaking);
    uint16_t port = lined_server_port(server);
    int one = dial_from(INADDR_LOOPBACK, port);
    talk(one);
    expect_reject(dial_from(INADDR_LOOPBACK, port), "crowded\r\n");
    int other = dial_from(INADDR_LOOPBACK + 1, port);
    talk(other);
    expect_reject(dial_from(INADDR_LOOPBACK + 2, port), "full\r\n");
    ck_assert_uint_eq(stats_of(server).rejected, 2);
    hang_up(one);
    hang_up(other);
    finish(server);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_no_handler)
{
    static char text[LINED_REJECT_MAX + 2];
    struct lined_handler handler = counting;
    lined_server *server;

    prepare_overload();
    memset(text, 'x', LINED_REJECT_MAX + 1);
    handler.reject_busy = text;
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), -EINVAL);
    handler.reject_busy = NULL;
    handler.reject_per_ip = text;
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), -EINVAL);
    text[LINED_REJECT_MAX] = '\0';
    ck_assert_int_eq(lined_server_new(&server, &options, &handler, NULL), LINED_OK);
    lined_server_free(server);
}
END_TEST

START_TEST(at_the_limit_clients_can_be_rejected)
{
    int clients[2];
    lined_server *server = start_full(clients, LINED_OVERFLOW_REJECT);

    for (int i = 0; i < 3; i++) {
        int third = dial(lined_server_port(server));
        say(third, "hello\n");
        expect_reject(third, "Server busy\n");
    }
    ck_assert_uint_eq(stats_of(server).rejected, 3);
    ck_assert_uint_eq(stats_of(server).connections, 2);
    ck_assert_int_eq(atomic_load(&last_pause), LINED_PAUSE_LIMIT);
    talk(clients[0]);
    hang_up(clients[1]);
    AWAIT(stats_of(server).connected == 1);
    clients[1] = dial(lined_server_port(server));
    talk(clients[1]);
    hang_up(clients[0]);
    hang_up(clients[1]);
    finish(server);
}
END_TEST

START_TEST(a_closed_connection_does_not_count)
{
    prepare_overload();
    options.max_connections = 1;
    options.overflow = LINED_OVERFLOW_REJECT;
    lined_server *server = start_handler(&counting);
    come_again_and_again(server);
    finish(server);
    ck_assert_int_eq(atomic_load(&peak), 1);
}
END_TEST

/* What a client sends after the line was sent is acknowledged: no reset destroys the line. */
START_TEST(a_rejected_client_is_not_reset)
{
    int clients[2];
    lined_server *server = start_full(clients, LINED_OVERFLOW_REJECT);
    int third = dial(lined_server_port(server));
    int unacknowledged = -1;
    struct pollfd reset = {.fd = third, .events = 0};

    say(third, "before\n");
    expect(third, "Server busy\n");
    expect_eof(third);
    say(third, "after\n");
    AWAIT(ioctl(third, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged == 0);
    ck_assert_int_eq(poll(&reset, 1, 0), 0);
    hang_up(third);
    hang_up(clients[0]);
    hang_up(clients[1]);
    finish(server);
}
END_TEST

/* They stay, they send without end: they block no other client, and take no descriptors or time. */
START_TEST(rejected_clients_stall_no_other)
{
    enum { CLIENTS = 100 };
    static char bytes[32 * 1024 * 1024];
    int clients[2];
    int others[CLIENTS];
    lined_server *server = start_full(clients, LINED_OVERFLOW_REJECT);

    for (int i = 0; i < CLIENTS; i++) {
        others[i] = dial(lined_server_port(server));
        expect(others[i], "Server busy\n");
    }
    int sender = dial(lined_server_port(server));
    ck_assert_uint_lt(say_what_it_takes(sender, bytes, sizeof bytes), sizeof bytes);
    hang_up(sender);
    int64_t began = now_us();
    hang_up(clients[1]);
    AWAIT(stats_of(server).connected == 1);
    int next = dial(lined_server_port(server));
    talk(next);
    ck_assert_int_lt(now_us() - began,
                     1000000); /* less than the time a rejected client is waited for */
    for (int i = 0; i < CLIENTS; i++)
        hang_up(others[i]);
    hang_up(next);
    hang_up(clients[0]);
    finish(server);
    ck_assert_int_ne(atomic_load(&last_pause), LINED_PAUSE_THREAD);
}
END_TEST

START_TEST(a_rejected_client_that_stays_is_closed)
{
    int clients[2];
    lined_server *server = start_full(clients, LINED_OVERFLOW_REJECT);
    int third = dial(lined_server_port(server));

    expect(third, "Server busy\n");
    expect_eof(third);
    await_reset(third);
    hang_up(third);
    talk(clients[0]);
    hang_up(clients[0]);
    hang_up(clients[1]);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_handler_may_have_texts_of_its_own,    a_text_that_is_too_long_is_no_handler,
        at_the_limit_clients_can_be_rejected,   a_closed_connection_does_not_count,
        a_rejected_client_is_not_reset,         rejected_clients_stall_no_other,
        a_rejected_client_that_stays_is_closed,
    };
    return suite_run("limit_reject", tests, sizeof tests / sizeof tests[0]);
}
