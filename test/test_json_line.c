/* Log events as JSON, read back by jansson; times. */
#include "../src/command/log/json_line.h"
#include "../src/command/log/timestamp.h"

#include "suite.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char text[JSON_LINE_MAX];

static json_t *read_back(const struct log_event *event)
{
    json_error_t error;
    size_t size = json_line(text, event);

    ck_assert_uint_le(size, json_line_bound(event->kind == LOG_EVENT_LINE ? event->bytes : 0));
    ck_assert_uint_le(size, sizeof text);
    ck_assert_ptr_eq(memchr(text, '\n', size), text + size - 1);
    bool is_harmless = true; /* nothing that a terminal takes as a command */
    for (size_t i = 0; i + 1 < size; i++)
        is_harmless &= (unsigned char)text[i] >= ' ' && text[i] != 0x7f;
    ck_assert(is_harmless);
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    ck_assert_msg(object != NULL, "%s: %.*s", error.text, (int)size, text);
    return object;
}

static const char *string_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static struct log_event line_event(const char *line, size_t size)
{
    return (struct log_event){
        .kind = LOG_EVENT_LINE, .conn = 7, .peer = "[::1]:9", .line = line, .bytes = size};
}

static size_t decode(const char *base64, char *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t size = 0;
    unsigned bits = 0, held = 0;

    ck_assert_uint_eq(strlen(base64) % 4, 0);
    for (; *base64 != '\0' && *base64 != '='; base64++) {
        const char *digit = strchr(digits, *base64);
        ck_assert_ptr_nonnull(digit);
        held = held << 6 | (unsigned)(digit - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[size++] = (char)(held >> bits & 0xff);
        }
    }
    return size;
}

/* The line comes back, as text if jansson takes it as UTF-8, and in base64 if it does not. */
static void expect_same(const char *line, size_t size)
{
    static char bytes[2 * JSON_LINE_TEXT_MAX];
    const struct log_event event = line_event(line, size);
    json_t *object = read_back(&event);
    json_t *as_text = json_object_get(object, "line");
    json_t *expected = json_stringn(line, size);

    ck_assert_int_eq(json_integer_value(json_object_get(object, "bytes")), (json_int_t)size);
    ck_assert_ptr_null(json_object_get(object, "cut"));
    if (expected != NULL) {
        ck_assert(json_equal(as_text, expected));
        ck_assert_ptr_null(json_object_get(object, "line_base64"));
    } else {
        ck_assert_ptr_null(as_text);
        ck_assert_uint_eq(decode(string_of(object, "line_base64"), bytes), size);
        ck_assert_mem_eq(bytes, line, size);
    }
    json_decref(expected);
    json_decref(object);
}

START_TEST(hostile_bytes_come_back)
{
    static const unsigned char edges[] = {0,    '\n', 0x1b, '"',  '\\', 0x7f, 0x80, 0x8f,
                                          0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
                                          0xe0, 0xed, 0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xff};
    enum { EDGES = sizeof edges };
    char line[4];

    for (unsigned n = 0; n < EDGES * EDGES * EDGES * EDGES; n += 7) {
        for (unsigned i = 0, left = n; i < 4; i++, left /= EDGES)
            line[i] = (char)edges[left % EDGES];
        expect_same(line, n % 5);
    }
}
END_TEST

START_TEST(random_lines_come_back)
{
    static char line[JSON_LINE_TEXT_MAX];
    unsigned seed = 1;

    for (int n = 0; n < 500; n++) {
        size_t size = (size_t)rand_r(&seed) % sizeof line;
        int limit = n % 2 == 0 ? 256 : 128; /* below 128 all is UTF-8 */
        for (size_t i = 0; i < size; i++)
            line[i] = (char)(rand_r(&seed) / 64 % limit);
        expect_same(line, size);
    }
}
END_TEST

/* A cut does not split a character, and does not turn text into base64. */
START_TEST(a_long_line_is_cut)
{
    static char line[JSON_LINE_TEXT_MAX + 8];

    for (size_t before = JSON_LINE_TEXT_MAX - 4; before <= JSON_LINE_TEXT_MAX; before++) {
        memset(line, 'a', sizeof line);
        memcpy(line + before, "\xf0\x9f\x98\x80", 4);
        const struct log_event event = line_event(line, sizeof line);
        json_t *object = read_back(&event);
        size_t shown = json_string_length(json_object_get(object, "line"));
        ck_assert_uint_eq(shown, before == JSON_LINE_TEXT_MAX - 4 ? JSON_LINE_TEXT_MAX : before);
        ck_assert(json_is_true(json_object_get(object, "cut")));
        ck_assert_int_eq(json_integer_value(json_object_get(object, "bytes")), sizeof line);
        json_decref(object);
    }
    memset(line, 0xff, sizeof line);
    const struct log_event event = line_event(line, sizeof line);
    json_t *object = read_back(&event);
    ck_assert_uint_eq(strlen(string_of(object, "line_base64")), (JSON_LINE_TEXT_MAX + 2) / 3 * 4);
    ck_assert(json_is_true(json_object_get(object, "cut")));
    json_decref(object);
}
END_TEST

START_TEST(events_have_their_fields)
{
    struct log_event event = {.kind = LOG_EVENT_OPEN,
                              .time_us = INT64_C(1795702856123456),
                              .conn = UINT64_MAX / 2,
                              .peer = "unix:/run/\xff\"\n",
                              .reason = "idle timeout",
                              .bytes = 8};
    json_t *object = read_back(&event);

    ck_assert_str_eq(string_of(object, "ts"), "2026-11-26T14:20:56.123456Z");
    ck_assert_int_eq(json_integer_value(json_object_get(object, "conn")), INT64_MAX);
    ck_assert_str_eq(string_of(object, "peer"), "unix:/run/\xef\xbf\xbd\"\n");
    ck_assert_str_eq(string_of(object, "event"), "open");
    ck_assert_uint_eq(json_object_size(object), 4);
    json_decref(object);
    event.kind = LOG_EVENT_CLOSE;
    object = read_back(&event);
    ck_assert_str_eq(string_of(object, "event"), "close");
    ck_assert_str_eq(string_of(object, "reason"), "idle timeout");
    ck_assert_int_eq(json_integer_value(json_object_get(object, "bytes")), 8);
    ck_assert_uint_eq(json_object_size(object), 6);
    json_decref(object);
}
END_TEST

/* gmtime_r(3) has the same date for days of 800 years, of which each has another time. */
START_TEST(times_are_those_of_the_calendar)
{
    char expected[32];
    char written[TIMESTAMP_SIZE];

    for (int64_t day = 0; day < 292194; day += 5) {
        time_t seconds = (time_t)(day * 86400 + day % 86400);
        struct tm date;
        ck_assert_ptr_nonnull(gmtime_r(&seconds, &date));
        ck_assert_uint_eq(strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.000042Z", &date),
                          TIMESTAMP_SIZE);
        ck_assert_ptr_eq(timestamp_put(written, seconds * INT64_C(1000000) + 42),
                         written + TIMESTAMP_SIZE);
        ck_assert_mem_eq(written, expected, TIMESTAMP_SIZE);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hostile_bytes_come_back,  random_lines_come_back,          a_long_line_is_cut,
        events_have_their_fields, times_are_those_of_the_calendar,
    };
    return suite_run("json_line", tests, sizeof tests / sizeof tests[0]);
}
