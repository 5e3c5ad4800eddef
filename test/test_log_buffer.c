#include "../src/command/log/log_buffer.h"

#include "suite.h"

#include <string.h>

static struct log_buffer text;
static char block[64 * 1024];

static void begin(void)
{
    ck_assert(log_buffer_init(&text));
    memset(block, 'x', sizeof block);
    for (size_t i = 63; i < sizeof block; i += 64)
        block[i] = '\n';
}

static void put(const char *lines)
{
    ck_assert(log_buffer_has_room(&text, strlen(lines)));
    log_buffer_put(&text, lines, strlen(lines));
}

static void expect_taken(const char *lines)
{
    ck_assert_uint_eq(log_buffer_take(&text), strlen(lines));
    ck_assert_mem_eq(log_buffer_writing(&text), lines, strlen(lines));
}

static void fill(void)
{
    while (log_buffer_has_room(&text, sizeof block))
        log_buffer_put(&text, block, sizeof block);
}

START_TEST(what_is_put_is_taken_in_order)
{
    begin();
    put("a\n");
    put("b\nc\n");
    expect_taken("a\nb\nc\n");
    put("d\n");
    expect_taken("d\n");
    expect_taken("");
    log_buffer_deinit(&text);
}
END_TEST

START_TEST(lines_are_counted)
{
    ck_assert_uint_eq(log_buffer_count("", 0), 0);
    ck_assert_uint_eq(log_buffer_count("a\n\nb\n", 5), 3);
    ck_assert_uint_eq(log_buffer_count("a\nb", 3), 1);
}
END_TEST

START_TEST(a_gap_has_one_mark_at_its_place)
{
    const char mark[] = "Lines dropped: 5\n";
    const size_t mark_size = sizeof mark - 1;

    begin();
    fill();
    size_t before = text.size;
    ck_assert_uint_eq(before, LOG_BUFFER_SIZE);
    log_buffer_miss(&text, 2);
    ck_assert(!log_buffer_has_room(&text, 0)); /* not even what is small: the mark comes first */
    log_buffer_miss(&text, 3);
    ck_assert_uint_eq(log_buffer_take(&text), before + mark_size);
    ck_assert_mem_eq(log_buffer_writing(&text) + before, mark, mark_size);
    put("after\n");
    expect_taken("after\n");
    log_buffer_deinit(&text);
}
END_TEST

START_TEST(what_is_pending_is_dropped_by_lines)
{
    begin();
    put("a\nb\n");
    ck_assert_uint_eq(log_buffer_drop_pending(&text), 2);
    expect_taken("");
    log_buffer_deinit(&text);
}
END_TEST

/* A line that is written in part is lost as a whole; the mark is none that was lost. */
START_TEST(what_is_left_of_a_write_is_dropped_by_lines)
{
    begin();
    put("one\ntwo\nthree\n");
    log_buffer_take(&text);
    log_buffer_note_left(&text, strlen("o\nthree\n"));
    ck_assert_uint_eq(log_buffer_drop_left(&text), 2);
    ck_assert_uint_eq(log_buffer_drop_left(&text), 0);

    put("four\n");
    log_buffer_miss(&text, 7);
    log_buffer_take(&text);
    ck_assert_uint_eq(log_buffer_drop_left(&text), 1);
    log_buffer_deinit(&text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_put_is_taken_in_order,
        lines_are_counted,
        a_gap_has_one_mark_at_its_place,
        what_is_pending_is_dropped_by_lines,
        what_is_left_of_a_write_is_dropped_by_lines,
    };
    return suite_run("log_text", tests, sizeof tests / sizeof tests[0]);
}
