/* Structs of programs that were built with an older or a newer lined.h than the library's. */
#include "embed.h"
#include "suite.h"
#include "watch.h"

#include <errno.h>
#include <lined.h>
#include <string.h>

enum { CANARY = 0xa5 };

/* Options, and behind them what the program has there: nothing of the library's in an older
 * program, fields that the library does not know in a newer one. */
static union {
    struct lined_options options;
    unsigned char bytes[sizeof(struct lined_options) + 64];
} program;

static void init_program(size_t size)
{
    memset(&program, CANARY, sizeof program);
    lined_options_init(&program.options, size);
    program.options.port = 0;
}

static void expect_bytes_of(const void *bytes, size_t from, size_t to, int value)
{
    for (size_t i = from; i < to; i++)
        ck_assert_msg(((const unsigned char *)bytes)[i] == value, "byte %zu", i);
}

static int new_server(const struct lined_handler *handler)
{
    lined_server *server = NULL;
    int result = lined_server_new(&server, &program.options, handler, NULL);

    if (result == LINED_OK)
        lined_server_free(server);
    return result;
}

START_TEST(options_are_set_up_to_the_size_of_the_program)
{
    init_program(sizeof program.options);
    expect_bytes_of(&program, sizeof program.options, sizeof program, CANARY);
    ck_assert_uint_eq(program.options.size, sizeof program.options);
    ck_assert_uint_eq(program.options.max_line, 1460);
    ck_assert_int_eq(new_server(&lined_handler_received), LINED_OK);
}
END_TEST

START_TEST(options_that_the_library_does_not_know_are_zero_and_may_stay_so)
{
    init_program(sizeof program);
    expect_bytes_of(&program, sizeof program.options, sizeof program, 0);
    ck_assert_uint_eq(program.options.size, sizeof program);
    ck_assert_int_eq(new_server(&lined_handler_received), LINED_OK);
}
END_TEST

START_TEST(an_option_that_the_library_does_not_know_is_e2big)
{
    size_t first = sizeof program.options, last = sizeof program - 1;
    lined_server *server;

    init_program(sizeof program);
    ck_assert_int_eq(lined_server_new(&server, &program.options, &lined_handler_received, NULL),
                     LINED_OK);
    program.options.max_connections = 10;
    ck_assert_int_eq(lined_server_set(server, &program.options), LINED_OK);
    for (size_t i = first; i <= last; i++) {
        program.bytes[i] = 1;
        ck_assert_int_eq(new_server(&lined_handler_received), -E2BIG);
        ck_assert_int_eq(lined_server_set(server, &program.options), -E2BIG);
        program.bytes[i] = 0;
    }
    lined_server_free(server);
}
END_TEST

START_TEST(options_that_were_not_initialised_are_einval)
{
    const size_t sizes[] = {0, 1, sizeof(size_t), sizeof program.options - 1, 4097, SIZE_MAX};
    lined_server *server;

    init_program(sizeof program.options);
    ck_assert_int_eq(lined_server_new(&server, &program.options, &lined_handler_received, NULL),
                     LINED_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        program.options.size = sizes[i];
        ck_assert_int_eq(new_server(&lined_handler_received), -EINVAL);
        ck_assert_int_eq(lined_server_set(server, &program.options), -EINVAL);
    }
    memset(&program, CANARY, sizeof program);
    ck_assert_int_eq(new_server(&lined_handler_received), -EINVAL);
    lined_server_free(server);
}
END_TEST

START_TEST(a_callback_that_the_library_does_not_know_is_e2big)
{
    struct lined_handler handler = lined_handler_received;
    struct lined_observer observer = {.context = NULL};
    static char callback;

    init_program(sizeof program.options);
    program.options.observer = &observer;
    ck_assert_int_eq(new_server(&handler), LINED_OK);
    for (size_t i = 0; i < sizeof handler.reserved / sizeof handler.reserved[0]; i++) {
        handler.reserved[i] = &callback;
        ck_assert_int_eq(new_server(&handler), -E2BIG);
        handler.reserved[i] = NULL;
    }
    for (size_t i = 0; i < sizeof observer.reserved / sizeof observer.reserved[0]; i++) {
        observer.reserved[i] = &callback;
        ck_assert_int_eq(new_server(&handler), -E2BIG);
        observer.reserved[i] = NULL;
    }
    ck_assert_int_eq(new_server(&handler), LINED_OK);
}
END_TEST

/* A result has the fields that the program knows, and 0 in those that the library does not know. */
START_TEST(statistics_have_the_size_of_the_program)
{
    union {
        struct lined_stats stats;
        unsigned char bytes[sizeof(struct lined_stats) + 64];
    } older, newer;
    const size_t known = offsetof(struct lined_stats, lines);

    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    memset(&older, CANARY, sizeof older);
    lined_server_stats(server, &older.stats, known);
    ck_assert_uint_eq(older.stats.connections_cut, 0);
    expect_bytes_of(&older, known, sizeof older, CANARY);

    memset(&newer, CANARY, sizeof newer);
    lined_server_stats(server, &newer.stats, sizeof newer - 1);
    ck_assert_uint_eq(newer.stats.closed[LINED_REASONS_MAX - 1], 0);
    expect_bytes_of(&newer, sizeof newer.stats, sizeof newer - 1, 0);
    expect_bytes_of(&newer, sizeof newer - 1, sizeof newer, CANARY);
    finish(server);
}
END_TEST

START_TEST(latencies_have_the_size_of_the_program)
{
    union {
        struct lined_latency latency;
        unsigned char bytes[sizeof(struct lined_latency) + 64];
    } older, newer;
    const size_t known = offsetof(struct lined_latency, count);

    prepare(LINED_PASSIVE);
    lined_server *server = start_server();
    memset(&older, CANARY, sizeof older);
    lined_server_latency(server, &older.latency, known);
    ck_assert_uint_eq(older.latency.bound_us[LINED_LATENCY_BUCKETS - 1], UINT64_MAX);
    expect_bytes_of(&older, known, sizeof older, CANARY);

    memset(&newer, CANARY, sizeof newer);
    lined_server_latency(server, &newer.latency, sizeof newer - 1);
    ck_assert_uint_eq(newer.latency.bound_us[LINED_LATENCY_BUCKETS - 1], UINT64_MAX);
    expect_bytes_of(&newer, sizeof newer.latency, sizeof newer - 1, 0);
    expect_bytes_of(&newer, sizeof newer - 1, sizeof newer, CANARY);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        options_are_set_up_to_the_size_of_the_program,
        options_that_the_library_does_not_know_are_zero_and_may_stay_so,
        an_option_that_the_library_does_not_know_is_e2big,
        options_that_were_not_initialised_are_einval,
        a_callback_that_the_library_does_not_know_is_e2big,
        statistics_have_the_size_of_the_program,
        latencies_have_the_size_of_the_program,
    };
    return suite_run("abi", tests, sizeof tests / sizeof tests[0]);
}
