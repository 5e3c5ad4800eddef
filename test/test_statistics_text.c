/* The statistics as JSON, read by a JSON parser. */
#include "../src/command/statistics.h"

#include "suite.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static char text[STATISTICS_JSON_SIZE];

static json_t *parse(const struct statistics *statistics)
{
    json_error_t error;

    memset(text, 'x', sizeof text);
    statistics_json(statistics, text);
    ck_assert_ptr_null(strchr(text, '\n'));
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(json_is_object(json), "%s: %s", text, error.text);
    return json;
}

static void expect_number(const json_t *json, const char *name, json_int_t figure)
{
    const json_t *value = json_object_get(json, name);

    ck_assert_msg(json_is_integer(value), "%s has no %s", text, name);
    ck_assert_int_eq(json_integer_value(value), figure);
}

START_TEST(every_statistic_has_its_name)
{
    const struct statistics statistics = {
        .server = {.connections = 1,
                   .connected = 2,
                   .connected_peak = 3,
                   .rejected = 4,
                   .connections_cut = 5,
                   .lines = 6,
                   .bytes_in = 7,
                   .bytes_out = 8,
                   .bytes_dropped = 9,
                   .slow_consumers = 10,
                   .mailbox_peak = 11,
                   .accept_errors = {{EMFILE, 12}, {ECONNABORTED, 13}}},
        .log_dropped = 14};
    json_t *json = parse(&statistics);

    expect_number(json, "connections", 1);
    expect_number(json, "connected", 2);
    expect_number(json, "connected_peak", 3);
    expect_number(json, "rejected", 4);
    expect_number(json, "connections_cut", 5);
    expect_number(json, "lines", 6);
    expect_number(json, "bytes_in", 7);
    expect_number(json, "bytes_out", 8);
    expect_number(json, "bytes_dropped", 9);
    expect_number(json, "slow_consumers", 10);
    expect_number(json, "mailbox_peak", 11);
    const json_t *errors = json_object_get(json, "accept_errors");
    ck_assert_uint_eq(json_object_size(errors), 2);
    expect_number(errors, "emfile", 12);
    expect_number(errors, "econnaborted", 13);
    expect_number(json, "log_dropped", 14);
    ck_assert_uint_eq(json_object_size(json), 13);
    json_decref(json);
}
END_TEST

START_TEST(nothing_yet_is_valid_too)
{
    const struct statistics statistics = {.log_dropped = 0};
    json_t *json = parse(&statistics);

    ck_assert(json_is_object(json_object_get(json, "accept_errors")));
    ck_assert_uint_eq(json_object_size(json_object_get(json, "accept_errors")), 0);
    json_decref(json);
}
END_TEST

/* The greatest figures, and errnos, some of which have no name. */
START_TEST(the_longest_fits)
{
    struct statistics statistics;

    memset(&statistics, 0xff, sizeof statistics);
    for (int i = 0; i < LINED_ACCEPT_ERRORS_MAX; i++)
        statistics.server.accept_errors[i] = (struct lined_accept_error){ENOTSOCK + i, INT64_MAX};
    statistics.server.accept_errors[0].error = 100000;
    statistics_json(&statistics, text);
    ck_assert_uint_lt(strlen(text), STATISTICS_JSON_SIZE / 2);
    ck_assert_ptr_nonnull(strstr(text, "\"lines\":18446744073709551615,"));
    ck_assert_ptr_eq(strstr(text, "}}"), text + strlen(text) - 2);
    char sentence[STATISTICS_SENTENCE_SIZE];
    statistics_sentence(&statistics, sentence);
    ck_assert_ptr_nonnull(strstr(sentence, "dropped"));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_statistic_has_its_name,
        nothing_yet_is_valid_too,
        the_longest_fits,
    };
    return suite_run("statistics_text", tests, sizeof tests / sizeof tests[0]);
}
