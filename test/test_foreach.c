/* lined_foreach, the reasons of ends, and the latency of batches. */
#include "../src/base/monotonic.h"
#include "../src/table/latency.h"

#include "await.h"
#include "dial.h"
#include "embed.h"
#include "suite.h"
#include "watch.h"

#include <errno.h>
#include <lined.h>
#include <string.h>

enum { MANY = 150 }; /* more than one step of the table */

struct found {
    size_t count;
    size_t stop_after; /* 0: never */
    struct lined_conn_info infos[MANY + 1];
};

static bool note(void *argument, const struct lined_conn_info *info)
{
    struct found *found = argument;

    ck_assert_uint_lt(found->count, MANY + 1);
    found->infos[found->count++] = *info;
    return found->count != found->stop_after;
}

static struct found found;

static size_t find(lined_server *server)
{
    found = (struct found){.stop_after = found.stop_after};
    lined_foreach(server, note, &found);
    return found.count;
}

START_TEST(a_connection_is_described)
{
    prepare(_i == 0 ? LINED_PASSIVE : LINED_ACTIVE);
    lined_server *server = start_server();
    ck_assert_uint_eq(find(server), 0);
    int client = dial(lined_server_port(server));
    say(client, "hello\nyou\n");
    expect(client, "Received: hello\n\nReceived: you\n\n");
    AWAIT(find(server) == 1 && found.infos[0].bytes_out == 32);
    const struct lined_conn_info *info = &found.infos[0];
    ck_assert_uint_eq(info->lines, 2);
    ck_assert_uint_eq(info->bytes_in, 10);
    ck_assert_int_eq(strncmp(info->peer, "127.0.0.1:", 10), 0);
    ck_assert_ptr_eq(info->handle.server, server);
    AWAIT(find(server) == 1 && found.infos[0].age_ms >= 20);
    /* The handle is the connection's. Pushed bytes count. */
    ck_assert_int_eq(lined_push(found.infos[0].handle, "pushed\n", 7), LINED_OK);
    expect(client, "pushed\n");
    ck_assert_uint_eq(find(server), 1);
    ck_assert_uint_eq(found.infos[0].bytes_out, 39);
    hang_up(client);
    AWAIT(find(server) == 0);
    finish(server);
}
END_TEST

START_TEST(each_of_many_comes_once_and_a_function_can_end_the_walk)
{
    int clients[MANY];

    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    for (int i = 0; i < MANY; i++)
        clients[i] = dial(lined_server_port(server));
    AWAIT(find(server) == MANY);
    for (int i = 0; i < MANY; i++) {
        for (int k = 0; k < i; k++)
            ck_assert(!lined_handle_is(found.infos[i].handle, found.infos[k].handle));
    }
    found.stop_after = 70;
    ck_assert_uint_eq(find(server), 70);
    found.stop_after = 0;
    for (int i = 0; i < MANY; i++)
        hang_up(clients[i]);
    finish(server);
}
END_TEST

/* No lock is held: the function may do what would take one. */
static bool push_and_stop(void *argument, const struct lined_conn_info *info)
{
    lined_server *server = argument;

    ck_assert_int_eq(lined_push(info->handle, "bye\n", 4), LINED_OK);
    ck_assert_uint_eq(stats_of(server).connected, 1);
    lined_server_stop(server);
    return true;
}

START_TEST(the_function_may_push_and_stop)
{
    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    AWAIT(find(server) == 1);
    lined_foreach(server, push_and_stop, server);
    expect(client, "bye\n");
    ck_assert_int_eq(lined_server_wait(server), LINED_CUT);
    ck_assert_uint_eq(stats_of(server).closed[LINED_CUT], 1);
    lined_server_free(server);
    hang_up(client);
}
END_TEST

static int end_as_told(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)context, (void)conn, (void)state, (void)size;
    return *line == 'e' ? LINED_END : *line == 'x' ? 12345 : -EPROTO;
}

START_TEST(the_sums_of_reasons_are_all_connections)
{
    static const struct lined_handler handler = {.line = end_as_told};
    const char *const lines[] = {"end\n", "e\n", "x\n", "-\n", "-\n", "-\n", ""};
    enum { CLIENTS = sizeof lines / sizeof lines[0] };
    int64_t before = monotonic_ms();

    prepare(LINED_PASSIVE);
    lined_server *server = start_handler(&handler);
    for (int i = 0; i < CLIENTS; i++) {
        int client = dial(lined_server_port(server));
        say(client, lines[i]);
        half_close(client);
        expect_eof(client);
        hang_up(client);
    }
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    struct lined_stats stats = stats_of(server);
    ck_assert_uint_eq(stats.closed[LINED_END], 2);
    ck_assert_uint_eq(stats.closed[LINED_EOF], 1);
    ck_assert_uint_eq(stats.closed_errors, 4); /* and what is no reason of the library's */
    ck_assert_uint_eq(stats.connections, CLIENTS);
    AWAIT(stats_of(server).uptime_ms > stats.uptime_ms);
    ck_assert_int_le(stats_of(server).uptime_ms, monotonic_ms() - before);
    lined_server_free(server);
}
END_TEST

/* ---- latency ---- */

static uint64_t batches(const struct lined_latency *latency)
{
    uint64_t sum = 0;

    for (int i = 0; i < LINED_LATENCY_BUCKETS; i++)
        sum += latency->count[i];
    return sum;
}

/* Ends the server, and reads the latency when it is final. */
static void finish_keeping(lined_server *server, struct lined_latency *latency)
{
    lined_server_drain(server);
    ck_assert_int_eq(lined_server_wait(server), LINED_OK);
    lined_server_latency(server, latency, sizeof *latency);
    lined_server_free(server);
}

START_TEST(a_time_is_in_the_first_bucket_that_is_not_shorter)
{
    static struct latency latency;
    struct lined_latency sums;

    latency_add(latency_cell(&latency, 3), 0);
    latency_add(latency_cell(&latency, 3), 50000);
    latency_add(latency_cell(&latency, 4), 50001);
    latency_add(latency_cell(&latency, 5), 1000000000);
    latency_add(latency_cell(&latency, 500), 1000000001);
    latency_read(&latency, &sums);
    ck_assert_uint_eq(sums.count[0], 2);
    ck_assert_uint_eq(sums.count[1], 1);
    ck_assert_uint_eq(sums.count[LINED_LATENCY_BUCKETS - 2], 1);
    ck_assert_uint_eq(sums.count[LINED_LATENCY_BUCKETS - 1], 1);
    ck_assert_uint_eq(batches(&sums), 5);
    ck_assert_uint_eq(sums.sum_us, 2000100);
    ck_assert_uint_eq(sums.bound_us[0], 50);
    for (int i = 1; i < LINED_LATENCY_BUCKETS; i++)
        ck_assert_uint_gt(sums.bound_us[i], sums.bound_us[i - 1]);
    ck_assert_uint_eq(sums.bound_us[LINED_LATENCY_BUCKETS - 1], UINT64_MAX);
}
END_TEST

static int answer_some(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)context, (void)state;
    return *line == 'q' ? LINED_OK : lined_send(conn, line, size);
}

START_TEST(a_batch_with_replies_counts_once)
{
    static const struct lined_handler handler = {.line = answer_some};
    struct lined_latency latency;

    prepare(_i == 0 ? LINED_PASSIVE : LINED_ACTIVE);
    options.measure_latency = true;
    lined_server *server = start_handler(&handler);
    int client = dial(lined_server_port(server));
    for (int i = 0; i < 3; i++) {
        say(client, "quiet\n");
        say(client, "a\nb\n");
        expect(client, "a\nb\n");
    }
    half_close(client);
    expect_eof(client);
    hang_up(client);
    finish_keeping(server, &latency);
    ck_assert_uint_eq(batches(&latency), 3);
    ck_assert_uint_gt(latency.sum_us, 0);
}
END_TEST

START_TEST(latency_is_not_measured_unless_it_is_asked_for)
{
    struct lined_latency latency;

    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    int client = dial(lined_server_port(server));
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    hang_up(client);
    finish_keeping(server, &latency);
    ck_assert_uint_eq(batches(&latency), 0);
}
END_TEST

int main(void)
{
    const TTest *const both[] = {a_connection_is_described, a_batch_with_replies_counts_once};
    const TTest *const tests[] = {
        each_of_many_comes_once_and_a_function_can_end_the_walk,
        the_function_may_push_and_stop,
        the_sums_of_reasons_are_all_connections,
        a_time_is_in_the_first_bucket_that_is_not_shorter,
        latency_is_not_measured_unless_it_is_asked_for,
    };
    int failed = suite_run_loop("foreach", both, sizeof both / sizeof both[0], 2);
    return suite_run("foreach", tests, sizeof tests / sizeof tests[0]) | failed;
}
