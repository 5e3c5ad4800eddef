/* accept_rate: how many connections are accepted a second. */
#include "clock.h"
#include "dial.h"
#include "embed.h"
#include "overload.h"
#include "suite.h"

#include <lined.h>
#include <stdint.h>

START_TEST(accepting_keeps_to_its_rate)
{
    enum { CLIENTS = 12, RATE = 20 };
    int clients[CLIENTS];

    prepare_overload();
    options.accept_rate = RATE;
    lined_server *server = start_handler(&counting);
    int64_t began = now_us();
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "hello\n");
    }
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    /* A tenth of a second is made up for: the first three come at once, two of them for that. The
     * server's clock counts whole milliseconds. */
    ck_assert_int_ge(now_us() - began, (CLIENTS - 3) * 1000000 / RATE - 1000);
    finish(server);
}
END_TEST

START_TEST(a_drain_does_not_wait_for_the_rate)
{
    enum { CLIENTS = 10 };
    int clients[CLIENTS];

    prepare_overload();
    options.accept_rate = 1; /* ten seconds for ten */
    lined_server *server = start_handler(&counting);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(lined_server_port(server));
        say(clients[i], "hello\n");
    }
    expect(clients[0], "Received: hello\n\n");
    int64_t began = now_us();
    lined_server_drain(server);
    for (int i = 1; i < CLIENTS; i++)
        expect(clients[i], "Received: hello\n\n");
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    ck_assert_int_lt(now_us() - began, 4000000);
    lined_server_free(server);
}
END_TEST

START_TEST(a_stop_ends_a_pause)
{
    int64_t quickest = INT64_MAX;

    for (int i = 0; i < 3;
         i++) { /* the best of them, for this machine may have others' work to do */
        prepare_overload();
        options.accept_rate = 1; /* after the first, a pause of nine tenths of a second */
        lined_server *server = start_handler(&counting);
        int client = dial(lined_server_port(server));
        talk(client);
        int64_t began = now_us();
        lined_server_stop(server);
        ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
        int64_t took = now_us() - began;
        quickest = took < quickest ? took : quickest;
        lined_server_free(server);
        hang_up(client);
    }
    ck_assert_msg(quickest <= 400000, "%lld us", (long long)quickest);
}
END_TEST

/* A pause for the rate is no reason for a watchdog to end the server. */
START_TEST(an_acceptor_answers_while_it_pauses)
{
    enum { CLIENTS = 4 };
    int clients[CLIENTS];
    unsigned answers = 0;

    prepare_overload();
    options.accept_rate = 1; /* a pause of a second after each */
    lined_server *server = start_handler(&counting);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial(lined_server_port(server));
    while (stats_of(server).connections < CLIENTS)
        answers += lined_server_check(server);
    ck_assert_uint_gt(answers, 5 * CLIENTS); /* not only once after each pause */
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        accepting_keeps_to_its_rate,
        a_drain_does_not_wait_for_the_rate,
        a_stop_ends_a_pause,
        an_acceptor_answers_while_it_pauses,
    };
    return suite_run("accept_rate", tests, sizeof tests / sizeof tests[0]);
}
