/* allow and deny, in both modes. */
#include "await.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>

/* Closed without a byte. A client that has sent something may find a reset instead. */
static void expect_denied(int client)
{
    expect_eof(client);
    hang_up(client);
}

static lined_server *start_with(enum lined_mode mode, const char *allow, const char *deny)
{
    prepare_overload();
    options.mode = mode;
    options.allow = allow;
    options.deny = deny;
    return start_handler(&counting);
}

START_TEST(others_than_the_allowed_are_closed_without_a_byte)
{
    lined_server *server = start_with((enum lined_mode)_i, "127.0.0.2,10.0.0.0/8", NULL);
    uint16_t port = lined_server_port(server);

    expect_denied(dial_from(INADDR_LOOPBACK, port));
    expect_denied(dial_from(INADDR_LOOPBACK + 2, port));
    int client = dial_from(INADDR_LOOPBACK + 1, port);
    talk(client);
    ck_assert_uint_eq(stats_of(server).rejected, 2);
    ck_assert_uint_eq(stats_of(server).rejected_denied, 2);
    ck_assert_uint_eq(stats_of(server).connections, 1); /* the others got no thread */
    hang_up(client);
    finish(server);
    ck_assert_uint_eq(watch_count_closed(&watch), 1);
}
END_TEST

START_TEST(deny_wins_over_allow)
{
    lined_server *server = start_with((enum lined_mode)_i, "127.0.0.0/8", "127.0.0.2/31");
    uint16_t port = lined_server_port(server);

    expect_denied(dial_from(INADDR_LOOPBACK + 1, port));
    expect_denied(dial_from(INADDR_LOOPBACK + 2, port));
    int client = dial_from(INADDR_LOOPBACK, port);
    talk(client);
    ck_assert_uint_eq(stats_of(server).rejected_denied, 2);
    hang_up(client);
    finish(server);
}
END_TEST

START_TEST(a_denied_client_does_not_count_for_its_address)
{
    prepare_overload();
    options.deny = "127.0.0.2";
    options.max_per_ip = 1;
    lined_server *server = start_handler(&counting);
    for (int i = 0; i < 3; i++)
        expect_denied(dial_from(INADDR_LOOPBACK + 1, lined_server_port(server)));
    ck_assert_uint_eq(stats_of(server).rejected_denied, 3);
    ck_assert_uint_eq(stats_of(server).rejected_per_ip, 0);
    finish(server);
}
END_TEST

START_TEST(networks_that_cannot_be_read_are_no_options)
{
    lined_server *server;

    prepare_overload();
    options.allow = "127.0.0.1,nonsense";
    ck_assert_int_eq(lined_server_new(&server, &options, &counting, NULL), -EINVAL);
    options.allow = "127.0.0.1";
    options.deny = "";
    ck_assert_int_eq(lined_server_new(&server, &options, &counting, NULL), -EINVAL);
}
END_TEST

/* The server keeps no pointer to the texts. */
START_TEST(the_texts_are_copied)
{
    char deny[] = "127.0.0.2";

    prepare_overload();
    options.deny = deny;
    lined_server *server;
    ck_assert_int_eq(lined_server_new(&server, &options, &counting, NULL), LINED_OK);
    deny[0] = 'x';
    ck_assert_int_eq(lined_server_start(server), LINED_OK);
    expect_denied(dial_from(INADDR_LOOPBACK + 1, lined_server_port(server)));
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        others_than_the_allowed_are_closed_without_a_byte,
        deny_wins_over_allow,
        a_denied_client_does_not_count_for_its_address,
        networks_that_cannot_be_read_are_no_options,
        the_texts_are_copied,
    };
    return suite_run_loop("access", tests, sizeof tests / sizeof tests[0], 2);
}
