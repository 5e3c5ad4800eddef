/* The statistics as JSON, read by a JSON parser. */
#include "../src/command/statistics.h"

#include "suite.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static char text[STATISTICS_JSON_SIZE];

enum { NAMES_MAX = 32 };

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

/* The names of the numbers in struct lined_stats, in its order, as lined.h has them. */
static int read_names(char names[NAMES_MAX][64])
{
    char line[256];
    int count = 0;
    FILE *header = fopen(TEST_FOLDER "/../include/lined.h", "re");

    ck_assert_ptr_nonnull(header);
    do
        ck_assert_ptr_nonnull(fgets(line, sizeof line, header));
    while (strcmp(line, "struct lined_stats {\n") != 0);
    while (fgets(line, sizeof line, header) != NULL && strstr(line, " accept_errors[") == NULL) {
        if (count < NAMES_MAX && sscanf(line, " uint64_t %63[a-z_];", names[count]) == 1)
            count++;
    }
    fclose(header);
    return count;
}

START_TEST(every_statistic_has_its_name)
{
    struct statistics statistics = {
        .server = {.accept_errors = {{EMFILE, 12}, {ECONNABORTED, 13}},
                   .closed = {[LINED_EOF] = 15, [LINED_IDLE_TIMEOUT] = 16}},
        .log_dropped = 14};
    uint64_t numbers[NAMES_MAX];
    char names[NAMES_MAX][64];

    int count = read_names(names);
    ck_assert_uint_eq(count * sizeof(uint64_t), offsetof(struct lined_stats, accept_errors));
    for (int i = 0; i < count; i++)
        numbers[i] = (uint64_t)i + 1000;
    memcpy(&statistics.server, numbers, (size_t)count * sizeof numbers[0]);
    json_t *json = parse(&statistics);
    for (int i = 0; i < count; i++)
        expect_number(json, names[i], i + 1000);
    const json_t *errors = json_object_get(json, "accept_errors");
    ck_assert_uint_eq(json_object_size(errors), 2);
    expect_number(errors, "emfile", 12);
    expect_number(errors, "econnaborted", 13);
    expect_number(json, "log_dropped", 14);
    const json_t *closed = json_object_get(json, "closed");
    ck_assert_uint_eq(json_object_size(closed), 2);
    expect_number(closed, "disconnected", 15);
    expect_number(closed, "idle timeout", 16);
    ck_assert_uint_eq(json_object_size(json), count + 3);
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
    ck_assert_uint_lt(strlen(text), STATISTICS_JSON_SIZE * 3 / 4);
    ck_assert_ptr_nonnull(strstr(text, "\"lines\":18446744073709551615,"));
    ck_assert_ptr_nonnull(strstr(text, "\"slow consumer\":18446744073709551615,"));
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
