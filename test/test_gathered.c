/* The pushes of callbacks gather: how many sends they cost, when they go, and that an end loses
 * none. */
#include "dial.h"
#include "embed.h"
#include "pushing_handler.h"
#include "suite.h"

#include <lined.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

/* ---- how many sends ---- */

START_TEST(a_pipeline_of_pushes_costs_one_send)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    atomic_store(&sends, 0);
    say(sender, "push 0\npush 1\npush 2\npush 3\npush 4\npush 5\npush 6\npush 7\n"
                "push 8\npush 9\npush a\npush b\npush c\npush d\npush e\npush f\n");
    expect(sender, "0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n0\n");
    expect(receiver, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\nd\ne\nf\n");
    ck_assert_int_eq(atomic_load(&sends), 2); /* the pushes, and the replies */
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(pushes_go_before_the_reply)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    for (int i = 0; i < 10; i++) {
        atomic_store(&sends, 0);
        say(sender, "push hello\npending\n");
        expect(sender, "0\n0\n");
        ck_assert_int_eq(atomic_load(&sends), 2);
        ck_assert_uint_eq(atomic_load(&send_sizes[0]), strlen("hello\n"));
        ck_assert_uint_eq(atomic_load(&send_sizes[1]), strlen("0\n0\n"));
        expect(receiver, "hello\n");
    }
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(pushes_go_without_a_reply)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    say(sender, "quiet hello\n");
    expect(receiver, "hello\n");
    say(sender, "quiet gathered\nnothing\n"); /* the last callback pushes nothing */
    expect(receiver, "gathered\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* The reply is so long that a part of it goes before the callback ends. */
START_TEST(a_long_reply_does_not_overtake_a_push)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    atomic_store(&sends, 0);
    say(sender, "long hello\nflush\n"); /* with a line behind it, so that the push gathers */
    expect_bytes(sender, long_reply, sizeof long_reply);
    ck_assert_uint_eq(atomic_load(&send_sizes[0]), strlen("hello\n"));
    expect(receiver, "hello\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(a_callback_keeps_its_pushes_until_it_flushes)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    atomic_store(&sends, 0);
    say(sender, "quiet one\nquiet two\n" PARKS "flush\n" PARKS);
    await_parked();
    ck_assert_int_eq(atomic_load(&sends), 0);
    sem_post(&go_on);
    await_parked();
    ck_assert_int_eq(atomic_load(&sends), 1);
    expect(receiver, "one\ntwo\n");
    sem_post(&go_on);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* 40 pushes of 1,000 bytes in one callback: 16 fit into 16 KiB. */
START_TEST(much_for_one_client_is_sent_before_the_end)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    memset(chunk, 'c', sizeof chunk);
    atomic_store(&sends, 0);
    say(sender, "forty\nflush\n");
    await_parked();
    ck_assert_int_eq(atomic_load(&sends), 2);
    ck_assert_uint_eq(atomic_load(&send_sizes[0]), 16 * 1000);
    ck_assert_uint_eq(atomic_load(&send_sizes[1]), 16 * 1000);
    sem_post(&go_on);
    for (int i = 0; i < 40; i++)
        expect_bytes(receiver, chunk, 1000);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* No line is left: the first push may be the only one, and goes at once. In active mode the pushes
 * of one message always gather. */
START_TEST(the_pushes_of_one_callback_cost_two_sends_at_most)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    for (int i = 0; i < 10; i++) {
        atomic_store(&sends, 0);
        say(sender, "five x\n");
        expect(sender, "0\n");
        expect(receiver, "x\nx\nx\nx\nx\n");
        ck_assert_int_eq(atomic_load(&sends), _i == LINED_PASSIVE ? 3 : 2); /* with the reply */
    }
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* 16 KiB for each of 300 clients: 4 MiB are reached before the last. */
START_TEST(much_for_many_clients_is_sent_before_the_end)
{
    enum { CLIENTS = 300 };
    int clients[CLIENTS];

    memset(chunk, 'c', sizeof chunk);
    lined_server *server = start_pushing(_i);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial_listener(server);
    int sender = dial(lined_server_port(server));
    atomic_store(&sends, 0);
    say(sender, "many\n" PARKS);
    await_parked();
    ck_assert_int_ge(atomic_load(&sends), 200);
    ck_assert_int_lt(atomic_load(&sends), CLIENTS);
    sem_post(&go_on);
    expect(sender, "300\n");
    for (int i = 0; i < CLIENTS; i++) {
        expect_bytes(clients[i], chunk, sizeof chunk);
        hang_up(clients[i]);
    }
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(without_memory_a_push_is_sent_at_once)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    say(sender, "poor hello\n" PARKS);
    await_parked();
    expect(receiver, "hello\n");
    sem_post(&go_on);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(a_push_from_outside_sends_what_is_gathered)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial_listener(server);

    atomic_store(&sends, 0);
    say(sender, "quiet one\n" PARKS);
    await_parked();
    ck_assert_int_eq(lined_push(listeners[0], "two\n", 4), LINED_OK);
    ck_assert_int_eq(atomic_load(&sends), 1);
    expect(receiver, "one\ntwo\n");
    sem_post(&go_on);
    say(sender, "push three\n"); /* the flush that finds nothing has left no trace */
    expect(sender, "0\n");
    expect(receiver, "three\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* That server may be freed before the flush. */
START_TEST(a_push_to_another_server_is_sent_at_once)
{
    lined_server *server = start_pushing(_i);
    lined_server *other = start_handler(&obedient);
    int receiver = dial_listener(other);
    int sender = dial(lined_server_port(server));

    say(sender, "quiet hello\n" PARKS);
    await_parked();
    expect(receiver, "hello\n");
    hang_up(receiver);
    finish(other);
    sem_post(&go_on);
    hang_up(sender);
    finish(server);
}
END_TEST

/* ---- ends ---- */

/* Its own thread sends what was gathered for it; the flush finds the next client in its place. */
START_TEST(a_client_that_ends_gets_what_was_gathered_for_it)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial(lined_server_port(server));

    say(sender, "quiet hello\n" PARKS);
    await_parked();
    half_close(receiver);
    expect(receiver, "hello\n");
    expect_eof(receiver);
    hang_up(receiver);
    watch_await_closed(&watch, 1);
    int next = dial(lined_server_port(server));
    sem_post(&go_on);
    say(sender, "push x\n");
    say(next, "pending\n");
    expect(next, "0\n");
    hang_up(sender);
    hang_up(next);
    finish(server);
}
END_TEST

START_TEST(a_client_that_resets_harms_no_other)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int other = dial(lined_server_port(server));
    int sender = dial(lined_server_port(server));

    say(sender, "quiet hello\n" PARKS);
    await_parked();
    hang_up_rudely(receiver);
    sem_post(&go_on);
    watch_await_closed(&watch, 1);
    say(other, "pending\n");
    expect(other, "0\n");
    hang_up(other);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(the_pushes_of_a_last_callback_arrive)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial(lined_server_port(server));

    say(sender, "last hello\n");
    expect_eof(sender);
    expect(receiver, "hello\n");
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

/* The sender is in a callback when the drain begins; in passive mode the receiver is as well, so
 * that either may end first. In active mode the receiver's thread ends first. */
START_TEST(a_drain_loses_no_push)
{
    lined_server *server = start_pushing(_i);
    int receiver = dial_listener(server);
    int sender = dial(lined_server_port(server));

    if (_i == LINED_PASSIVE) {
        say(receiver, PARKS);
        await_parked();
    }
    say(sender, "quiet one\n" PARKS);
    await_parked();
    lined_server_drain(server);
    ck_assert_int_eq(sem_post(&go_on) | sem_post(&go_on), 0);
    expect(receiver, "one\n");
    expect_eof(receiver);
    hang_up(receiver);
    hang_up(sender);
    finish(server);
}
END_TEST

START_TEST(a_stop_amid_gathered_pushes)
{
    for (int round = 0; round < 10; round++) {
        lined_server *server = start_pushing(_i);
        int receiver = dial_listener(server);
        int sender = dial_listener(server);
        say(sender, "quiet one\n" PARKS);
        await_parked();
        lined_server_stop(server);
        sem_post(&go_on);
        lined_server_free(server);
        hang_up(receiver);
        hang_up(sender);
    }
}
END_TEST

START_TEST(the_own_connection_can_be_pushed_to)
{
    lined_server *server = start_pushing(_i);
    int client = dial(lined_server_port(server));

    say(client, "self hello\n");
    expect(client, "hello\nreply\n");
    hang_up(client);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_pipeline_of_pushes_costs_one_send,
        pushes_go_before_the_reply,
        pushes_go_without_a_reply,
        a_long_reply_does_not_overtake_a_push,
        a_callback_keeps_its_pushes_until_it_flushes,
        much_for_one_client_is_sent_before_the_end,
        the_pushes_of_one_callback_cost_two_sends_at_most,
        much_for_many_clients_is_sent_before_the_end,
        without_memory_a_push_is_sent_at_once,
        a_push_from_outside_sends_what_is_gathered,
        a_push_to_another_server_is_sent_at_once,
        a_client_that_ends_gets_what_was_gathered_for_it,
        a_client_that_resets_harms_no_other,
        the_pushes_of_a_last_callback_arrive,
        a_drain_loses_no_push,
        a_stop_amid_gathered_pushes,
        the_own_connection_can_be_pushed_to,
    };
    return suite_run_loop("gathered", tests, sizeof tests / sizeof tests[0], 2);
}
