/*
 * What the admin listener shows: its texts, the figures for Prometheus by a strict parser of the
 * format, and the page and its JSON with hostile texts.
 */
#include "../src/command/admin/answer.h"
#include "../src/command/admin/history.h"
#include "../src/command/admin/metrics.h"
#include "../src/command/admin/page.h"
#include "../src/command/admin/plot.h"
#include "../src/command/admin/text.h"

#include "process.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char bytes[ADMIN_BODY_SIZE];
static struct admin_view view;

static const char hostile[] = "unix:/<script>alert(1)</script>\"'`&\\\n\x1b\x7f";

/* ---- texts ---- */

START_TEST(texts_are_escaped)
{
    struct text text = text_in(bytes, sizeof bytes);

    text_html(&text, "<a b=\"c\">'d'&`\n\xc3\xa9");
    ck_assert_str_eq(bytes, "&#60;a b=&#34;c&#34;&#62;&#39;d&#39;&#38;&#96;?\xc3\xa9");
    text = text_in(bytes, sizeof bytes);
    text_label(&text, "a\"b\\c\nd");
    ck_assert_str_eq(bytes, "a\\\"b\\\\c?d");
}
END_TEST

START_TEST(numbers_and_times_are_readable)
{
    static const struct {
        uint64_t number;
        const char *words;
        const char *age;
    } examples[] = {{0, "0", "0 s"},
                    {999, "999", "0 s"},
                    {1000, "1,000", "1 s"},
                    {187999, "187,999", "3 min 7 s"},
                    {7380000, "7,380,000", "2 h 3 min"},
                    {180000000, "180,000,000", "2 d 2 h"},
                    {UINT64_MAX, "18,446,744,073,709,551,615", "213503982334 d 14 h"}};

    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct text text = text_in(bytes, sizeof bytes);
        text_number(&text, examples[i].number);
        ck_assert_str_eq(bytes, examples[i].words);
        text = text_in(bytes, sizeof bytes);
        text_age(&text, examples[i].number);
        ck_assert_str_eq(bytes, examples[i].age);
    }
}
END_TEST

START_TEST(a_text_without_room_ends_at_a_whole_addition)
{
    char few[8];
    struct text text = text_in(few, sizeof few);

    text_add(&text, "%s", "four");
    text_bytes(&text, "123", 3);
    ck_assert(!text.is_short);
    ck_assert_str_eq(few, "four123");
    text_add(&text, "x");
    ck_assert(text.is_short);
    text_bytes(&text, "", 0);
    ck_assert_str_eq(few, "four123");
    text = text_in(few, sizeof few);
    text_add(&text, "%s", "12345678");
    ck_assert(text.is_short);
    ck_assert_str_eq(few, "");
}
END_TEST

/* ---- views ---- */

static void fill_view(uint64_t number)
{
    memset(&view, 0, sizeof view);
    view = (struct admin_view){.handler = hostile, .is_ready = true, .start_time = 1700000000};
    view.latency.bound_us[LINED_LATENCY_BUCKETS - 1] = UINT64_MAX;
    for (int i = 0; i < LINED_LATENCY_BUCKETS - 1; i++)
        view.latency.bound_us[i] = (uint64_t)(i + 1) * 50;
    if (number == 0)
        return;
    struct lined_stats *stats = &view.statistics.server;
    memset(stats, 0xff, sizeof *stats);
    for (int i = 0; i < LINED_ACCEPT_ERRORS_MAX; i++)
        stats->accept_errors[i] = (struct lined_accept_error){ENOTSOCK + i, number};
    for (int i = 0; i < LINED_LATENCY_BUCKETS; i++)
        view.latency.count[i] = (uint64_t)i;
    view.latency.sum_us = 12000345;
    view.max_connections = SIZE_MAX;
    view.oldest_count = ADMIN_OLDEST;
    for (int i = 0; i < ADMIN_OLDEST; i++) {
        struct lined_conn_info *info = &view.oldest[i];
        memset(info, 0xff, sizeof *info);
        memset(info->peer, '<', sizeof info->peer - 1);
        info->peer[sizeof info->peer - 1] = '\0';
    }
    snprintf(view.oldest[0].peer, sizeof view.oldest[0].peer, "%s", hostile);
    view.sample_count = HISTORY_SAMPLES + 1;
    for (size_t i = 0; i <= HISTORY_SAMPLES; i++)
        view.samples[i] = (struct history_sample){i * HISTORY_STEP_MS, UINT64_MAX, number * i};
}

/* ---- Prometheus ---- */

/* A strict parser of the text format: each metric has HELP and then TYPE, its samples follow at
 * once, and no sample comes twice. Returns the number of samples. */
static size_t parse_metrics(char *text)
{
    char name[128] = "";
    char type[32] = "";
    char seen[64 * 1024] = "\n";
    size_t samples = 0;

    ck_assert_int_eq(text[strlen(text) - 1], '\n');
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char sample[128];
        char labels[256] = "";
        char key[400];
        double value;
        int used = 0;
        if (sscanf(line, "# HELP %127[a-z_] %n", name, &used) == 1 && used > 0) {
            ck_assert_msg(line[used] != '\0', "%s", line);
            line = strtok(NULL, "\n");
            ck_assert_ptr_nonnull(line);
            ck_assert_int_eq(sscanf(line, "# TYPE %127[a-z_] %31[a-z]%n", sample, type, &used), 2);
            ck_assert_str_eq(sample, name);
            ck_assert_msg(line[used] == '\0', "%s", line);
            ck_assert(strcmp(type, "gauge") == 0 || strcmp(type, "counter") == 0 ||
                      strcmp(type, "histogram") == 0);
            bool is_total = strlen(name) > 6 && strcmp(name + strlen(name) - 6, "_total") == 0;
            ck_assert_int_eq(is_total, strcmp(type, "counter") == 0);
            continue;
        }
        ck_assert_msg(sscanf(line, "%127[a-z_]%n", sample, &used) == 1, "%s", line);
        size_t prefix = strlen(name);
        ck_assert_msg(strncmp(sample, name, prefix) == 0, "%s after %s", line, name);
        if (strcmp(type, "histogram") != 0)
            ck_assert_str_eq(sample, name);
        line += used;
        if (*line == '{') {
            ck_assert_msg(sscanf(line, "{%255[^}]}%n", labels, &used) == 1, "%s", line);
            ck_assert_msg(sscanf(labels, "%*[a-z]=\"%*[^\"]\"%n", &used) == 0 &&
                              labels[used] == '\0',
                          "%s", labels);
            line += strlen(labels) + 2;
        }
        ck_assert_msg(sscanf(line, " %lf%n", &value, &used) == 1 && line[used] == '\0', "%s", line);
        snprintf(key, sizeof key, "\n%s{%s}\n", sample, labels);
        ck_assert_msg(strstr(seen, key) == NULL, "twice: %s", key);
        ck_assert_uint_lt(strlen(seen) + strlen(key), sizeof seen);
        strcat(seen, key + 1);
        samples++;
    }
    return samples;
}

static void write_metrics(uint64_t number)
{
    struct text text = text_in(bytes, sizeof bytes);

    fill_view(number);
    metrics_text(&text, &view);
    ck_assert(!text.is_short);
}

START_TEST(metrics_follow_the_format)
{
    write_metrics(0);
    ck_assert_uint_ge(parse_metrics(bytes), 16 + 13 + 1 + 17);
    write_metrics(INT64_MAX);
    ck_assert_ptr_nonnull(strstr(bytes, "lined_lines_total 18446744073709551615\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "{reason=\"idle timeout\"} 18446744073709551615\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "{errno=\"enotsock\"} 9223372036854775807\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "lined_ready 1\n"));
    parse_metrics(bytes);
}
END_TEST

START_TEST(buckets_include_the_shorter_ones)
{
    write_metrics(1);
    ck_assert_ptr_nonnull(strstr(bytes, "_bucket{le=\"5e-05\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "_bucket{le=\"0.00015\"} 3\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "_bucket{le=\"+Inf\"} 105\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "_sum 12.000345\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "_count 105\n"));
}
END_TEST

START_TEST(promtool_accepts_them)
{
    char name[] = "/tmp/lined-metrics-XXXXXX";
    char command[128];

    if (system("promtool --version >/dev/null 2>&1") != 0) {
        suite_skip("promtool (package prometheus) is not installed");
        return;
    }
    for (uint64_t number = 0; number < 2; number++) {
        write_metrics(number);
        int fd = mkstemp(name);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
        close(fd);
        snprintf(command, sizeof command, "promtool check metrics <%s", name);
        int status = system(command);
        unlink(name);
        ck_assert_int_eq(status, 0);
        strcpy(name, "/tmp/lined-metrics-XXXXXX");
    }
}
END_TEST

/* ---- the last minutes ---- */

START_TEST(the_history_keeps_the_last_samples)
{
    struct history history = HISTORY_INIT;
    struct history_sample samples[HISTORY_SAMPLES];

    ck_assert_uint_eq(history_read(&history, samples), 1);
    ck_assert_uint_eq(samples[0].at_ms + samples[0].connected + samples[0].lines, 0);
    for (uint64_t i = 1; i <= 2 * HISTORY_SAMPLES; i++) {
        const struct lined_stats stats = {.uptime_ms = i, .connected = 10 * i, .lines = 20 * i};
        const struct history_sample sample = history_sample(&stats);
        history_add(&history, &sample);
        size_t count = history_read(&history, samples);
        ck_assert_uint_eq(count, i < HISTORY_SAMPLES ? i + 1 : HISTORY_SAMPLES);
        for (uint64_t age = 0; age < count; age++) {
            ck_assert_uint_eq(samples[count - 1 - age].at_ms, i - age);
            ck_assert_uint_eq(samples[count - 1 - age].connected, 10 * (i - age));
            ck_assert_uint_eq(samples[count - 1 - age].lines, 20 * (i - age));
        }
    }
}
END_TEST

static const char *plot_of(enum plot_kind kind)
{
    struct text text = text_in(bytes, sizeof bytes);

    plot_json(&text, &view, kind);
    ck_assert(!text.is_short);
    return bytes;
}

/* 0 is at 126, the top of the scale at 12; now at 592, five minutes ago at 60. */
START_TEST(the_plots_have_a_point_for_each_sample)
{
    static const struct history_sample samples[] = {{200000, 0, 1000},
                                                    {202000, 50, 1000},
                                                    {352000, 100, 301000},
                                                    {500000, 25, 301074},
                                                    {502000, 1, 302075}};

    fill_view(0);
    memcpy(view.samples, samples, sizeof samples);
    view.sample_count = sizeof samples / sizeof samples[0];
    ck_assert_str_eq(plot_of(PLOT_CONNECTED),
                     "\"connected\":{\"now\":1,\"scale\":[\"100\",\"50\",\"0\"],\"points\":"
                     "\"60.0,69.0 326.0,12.0 588.5,97.5 592.0,124.9\"}");
    ck_assert_str_eq(plot_of(PLOT_LINES),
                     "\"lines\":{\"now\":501,\"scale\":[\"2,000\",\"1,000\",\"0\"],\"points\":"
                     "\"60.0,126.0 326.0,12.0 588.5,126.0 592.0,97.5\"}");
}
END_TEST

START_TEST(the_scales_of_the_plots_are_short)
{
    static const struct {
        uint64_t value;
        const char *scale;
    } examples[] = {{0, "[\"4\",\"2\",\"0\"]"},
                    {4, "[\"4\",\"2\",\"0\"]"},
                    {5, "[\"10\",\"5\",\"0\"]"},
                    {10001, "[\"20 k\",\"10 k\",\"0\"]"},
                    {1000001, "[\"2 M\",\"1 M\",\"0\"]"},
                    {1000000, "[\"1 M\",\"500 k\",\"0\"]"},
                    {UINT64_MAX, "[\"1000 P\",\"500 P\",\"0\"]"}};

    fill_view(0);
    view.sample_count = 1;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        view.samples[0].connected = examples[i].value;
        const char *json = plot_of(PLOT_CONNECTED);
        ck_assert_msg(strstr(json, examples[i].scale) != NULL, "%s", json);
    }
}
END_TEST

/* ---- the page ---- */

static const char nonce[PAGE_NONCE_SIZE] = "0123456789abcdef0123456789abcdef";

static void write_page(uint64_t number)
{
    struct text text = text_in(bytes, sizeof bytes);

    fill_view(number);
    page_html(&text, &view, nonce);
    ck_assert(!text.is_short);
    ck_assert_uint_lt(text.used, ADMIN_BODY_SIZE * 3 / 4);
}

START_TEST(no_text_becomes_a_part_of_the_page)
{
    write_page(1);
    ck_assert_ptr_null(strstr(bytes, "<script>"));
    ck_assert_ptr_nonnull(strstr(bytes, "unix:/&#60;script&#62;alert(1)&#60;/script&#62;"));
    ck_assert_ptr_null(strstr(bytes, "<<"));
    /* The script and the style are the only ones, and have the nonce. */
    const char *script = strstr(bytes, "<script nonce=0123456789abcdef0123456789abcdef>");
    ck_assert_ptr_nonnull(script);
    ck_assert_ptr_null(strstr(script + 1, "<script"));
    ck_assert_ptr_nonnull(strstr(bytes, "<style nonce=0123456789abcdef0123456789abcdef>"));
}
END_TEST

START_TEST(the_page_loads_nothing_and_does_nothing)
{
    static const char *const forbidden[] = {"//cdn",     "https:",  " src=", "<form",
                                            "<img",      "@import", "url(",  "onclick",
                                            "innerHTML", "eval(",   "POST"};
    char fields[512];
    struct text text = text_in(fields, sizeof fields);

    write_page(0);
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        ck_assert_msg(strstr(bytes, forbidden[i]) == NULL, "the page has %s", forbidden[i]);
    page_policy(&text, nonce);
    ck_assert(!text.is_short);
    ck_assert_ptr_nonnull(strstr(fields, "Content-Security-Policy: default-src 'none'; "
                                         "script-src 'nonce-0123456789abcdef0123456789abcdef';"));
    ck_assert_ptr_null(strstr(fields, "unsafe"));
}
END_TEST

START_TEST(the_page_shows_the_numbers_without_a_script)
{
    write_page(0);
    ck_assert_ptr_nonnull(strstr(bytes, "<td data-key=lines>0\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "<td class=none colspan=5>none\n"));
    ck_assert_ptr_nonnull(strstr(bytes, "<p id=state class=ready>ready</p>"));
    ck_assert_ptr_null(strstr(bytes, "<polyline"));
    write_page(1);
    ck_assert_ptr_nonnull(strstr(bytes, "<polyline class=curve points=\"60.0,12.0 63.5,12.0 "));
    ck_assert_ptr_nonnull(strstr(bytes, " 592.0,12.0V126H60.0Z\"></path>"));
    ck_assert_ptr_nonnull(strstr(bytes, "<td data-key=lines>18,446,744,073,709,551,615\n"));
    ck_assert_ptr_nonnull(
        strstr(bytes, "<tr><th scope=row>idle timeout<td>18,446,744,073,709,551,615\n"));
    view.is_ready = false;
    struct text text = text_in(bytes, sizeof bytes);
    page_html(&text, &view, nonce);
    ck_assert_ptr_nonnull(strstr(bytes, "<p id=state class=draining>draining</p>"));
}
END_TEST

static json_t *write_json(uint64_t number)
{
    struct text text = text_in(bytes, sizeof bytes);
    json_error_t error;

    fill_view(number);
    page_json(&text, &view);
    ck_assert(!text.is_short);
    json_t *json = json_loads(bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    ck_assert_msg(json_is_object(json), "%s: %s", bytes, error.text);
    return json;
}

START_TEST(the_json_has_what_the_script_reads)
{
    json_t *json = write_json(0);

    ck_assert_uint_eq(json_array_size(json_object_get(json, "oldest")), 0);
    json_decref(json);
    json = write_json(1);
    const json_t *oldest = json_object_get(json, "oldest");
    ck_assert_uint_eq(json_array_size(oldest), ADMIN_OLDEST);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(oldest, 0), "peer")),
                     "unix:/<script>alert(1)</script>\"'`&\\???");
    const json_t *latency = json_object_get(json, "latency");
    ck_assert_uint_eq(json_array_size(json_object_get(latency, "count")), LINED_LATENCY_BUCKETS);
    ck_assert(json_is_object(json_object_get(json_object_get(json, "statistics"), "closed")));
    ck_assert(json_is_true(json_object_get(json, "ready")));
    const json_t *plots = json_object_get(json, "plots");
    ck_assert(json_is_string(json_object_get(json_object_get(plots, "lines"), "points")));
    ck_assert_uint_eq(
        json_array_size(json_object_get(json_object_get(plots, "connected"), "scale")), 3);
    json_decref(json);
    /* Each key of the page is one of the JSON. */
    write_page(1);
    for (const char *at = bytes; (at = strstr(at, "data-key=")) != NULL; at++) {
        char key[64];
        char quoted[80];
        char json_text[STATISTICS_JSON_SIZE];
        if (sscanf(at, "data-key=%63[a-z_]>", key) != 1)
            continue;
        snprintf(quoted, sizeof quoted, "\"%s\":", key);
        statistics_json(&view.statistics, json_text);
        ck_assert_msg(strstr(json_text, quoted) != NULL, "the JSON has no %s", key);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        texts_are_escaped,
        numbers_and_times_are_readable,
        a_text_without_room_ends_at_a_whole_addition,
        metrics_follow_the_format,
        buckets_include_the_shorter_ones,
        promtool_accepts_them,
        the_history_keeps_the_last_samples,
        the_plots_have_a_point_for_each_sample,
        the_scales_of_the_plots_are_short,
        no_text_becomes_a_part_of_the_page,
        the_page_loads_nothing_and_does_nothing,
        the_page_shows_the_numbers_without_a_script,
        the_json_has_what_the_script_reads,
    };
    return suite_run("admin_page", tests, sizeof tests / sizeof tests[0]);
}
