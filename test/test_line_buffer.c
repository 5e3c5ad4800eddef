#include "../src/buffer/line_buffer.h"

#include "suite.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Gives the buffer all the bytes, in as many pieces as its room asks for. */
static void fill(struct line_buffer *buffer, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t room;
        char *into = line_buffer_room(buffer, &room);
        ck_assert_ptr_nonnull(into);
        ck_assert_uint_gt(room, 0);
        size_t piece = size < room ? size : room;
        memcpy(into, bytes, piece);
        line_buffer_filled(buffer, piece);
        bytes += piece;
        size -= piece;
    }
}

static void expect_line(struct line_buffer *buffer, enum line_found kind, const char *expected,
                        size_t expected_size)
{
    const char *line;
    size_t size;

    ck_assert_int_eq(line_buffer_next(buffer, &line, &size), kind);
    ck_assert_uint_eq(size, expected_size);
    ck_assert_mem_eq(line, expected, size);
}

static void expect_none(struct line_buffer *buffer)
{
    const char *line;
    size_t size;

    ck_assert_int_eq(line_buffer_next(buffer, &line, &size), LINE_NONE);
}

START_TEST(a_new_buffer_has_no_line_and_no_memory)
{
    struct line_buffer buffer;

    line_buffer_init(&buffer, 1460, NULL);
    expect_none(&buffer);
    ck_assert_uint_eq(line_buffer_unread(&buffer), 0);
    ck_assert(!line_buffer_is_enlarged(&buffer));
    ck_assert_ptr_null(buffer.data);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(lines_come_out_in_order_and_keep_their_ends)
{
    struct line_buffer buffer;

    line_buffer_init(&buffer, 1460, NULL);
    fill(&buffer, "a\nb\r\n\nrest", 10);
    expect_line(&buffer, LINE_WHOLE, "a\n", 2);
    expect_line(&buffer, LINE_WHOLE, "b\r\n", 3);
    expect_line(&buffer, LINE_WHOLE, "\n", 1);
    expect_none(&buffer);
    ck_assert_uint_eq(line_buffer_unread(&buffer), 4);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(the_rest_of_a_long_line_can_be_discarded)
{
    struct line_buffer buffer;

    line_buffer_init(&buffer, 16, NULL);
    fill(&buffer, "0123456789abcdefXYZ\nnext\n", 25);
    expect_line(&buffer, LINE_LONG, "0123456789abcdef", 16);
    line_buffer_discard_rest(&buffer);
    expect_line(&buffer, LINE_WHOLE, "next\n", 5);
    ck_assert_uint_eq(line_buffer_take_discarded(&buffer), 4);
    ck_assert_uint_eq(line_buffer_take_discarded(&buffer), 0);
    line_buffer_deinit(&buffer);
}
END_TEST

/* The lines that were put back come again, or their bytes do. */
START_TEST(lines_can_be_put_back)
{
    struct line_buffer buffer;
    const char *first, *second, *bytes;
    size_t size;

    line_buffer_init(&buffer, 16, NULL);
    fill(&buffer, "zero\none\ntwo\n0123456789abcdefXYZ\nrest", 37);
    expect_line(&buffer, LINE_WHOLE, "zero\n", 5);
    ck_assert_int_eq(line_buffer_next(&buffer, &first, &size), LINE_WHOLE);
    ck_assert_int_eq(line_buffer_next(&buffer, &second, &size), LINE_WHOLE);
    line_buffer_put_back(&buffer, second);
    expect_line(&buffer, LINE_WHOLE, "two\n", 4);
    expect_line(&buffer, LINE_LONG, "0123456789abcdef", 16);
    line_buffer_discard_rest(&buffer);
    line_buffer_put_back(&buffer, first); /* the long line too: its rest is not discarded yet */
    ck_assert_uint_eq(line_buffer_take_discarded(&buffer), 0);
    ck_assert(line_buffer_exact(&buffer, 28, &bytes));
    ck_assert_mem_eq(bytes, "one\ntwo\n0123456789abcdefXYZ\n", 28);
    ck_assert_uint_eq(line_buffer_unread(&buffer), 4);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(a_discard_goes_on_with_later_bytes)
{
    struct line_buffer buffer;
    char many[1000];
    const char *rest;
    size_t size;

    memset(many, 'x', sizeof many);
    line_buffer_init(&buffer, 16, NULL);
    fill(&buffer, "0123456789abcdef", 16);
    expect_line(&buffer, LINE_LONG, "0123456789abcdef", 16);
    line_buffer_discard_rest(&buffer);
    for (int i = 0; i < 100; i++) {
        fill(&buffer, many, sizeof many);
        expect_none(&buffer);
        ck_assert_uint_eq(line_buffer_unread(&buffer), 0);
    }
    ck_assert(line_buffer_is_enlarged(&buffer));
    line_buffer_shrink(&buffer);
    fill(&buffer, "x", 1);
    expect_none(&buffer);
    ck_assert_uint_eq(line_buffer_take_discarded(&buffer), 100001);
    fill(&buffer, "xx", 2); /* the end of file: there is no rest */
    line_buffer_rest(&buffer, &rest, &size);
    ck_assert_uint_eq(size, 0);
    fill(&buffer, "\n12", 3);
    ck_assert(line_buffer_exact(&buffer, 2, &rest)); /* behind the LF */
    ck_assert_mem_eq(rest, "12", 2);
    ck_assert_uint_eq(line_buffer_take_discarded(&buffer), 3);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(a_line_may_come_byte_by_byte)
{
    struct line_buffer buffer;

    line_buffer_init(&buffer, 1460, NULL);
    for (const char *byte = "hello"; *byte != '\0'; byte++) {
        fill(&buffer, byte, 1);
        expect_none(&buffer);
    }
    fill(&buffer, "\n", 1);
    expect_line(&buffer, LINE_WHOLE, "hello\n", 6);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(the_lf_is_found_wherever_it_stands)
{
    enum { LONGEST = 70 };
    char bytes[2 * LONGEST];

    for (size_t first = 1; first <= LONGEST; first++) {
        for (size_t second = 1; second <= LONGEST; second++) {
            struct line_buffer buffer;
            memset(bytes, '\n' | 0x80, sizeof bytes); /* no byte but LF itself ends a line */
            bytes[first - 1] = '\n';
            bytes[first + second - 1] = '\n';
            line_buffer_init(&buffer, 1460, NULL);
            fill(&buffer, bytes, first + second);
            expect_line(&buffer, LINE_WHOLE, bytes, first);
            expect_line(&buffer, LINE_WHOLE, bytes + first, second);
            expect_none(&buffer);
            line_buffer_deinit(&buffer);
        }
    }
}
END_TEST

START_TEST(max_line_counts_the_lf)
{
    struct line_buffer buffer;

    line_buffer_init(&buffer, 16, NULL);
    fill(&buffer, "123456789012345\n", 16); /* just fits */
    expect_line(&buffer, LINE_WHOLE, "123456789012345\n", 16);
    fill(&buffer, "1234567890123456\n", 17); /* a byte too long: 16, then a lone LF */
    expect_line(&buffer, LINE_LONG, "1234567890123456", 16);
    expect_line(&buffer, LINE_WHOLE, "\n", 1);
    expect_none(&buffer);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(fifteen_of_sixteen_bytes_are_not_long_yet)
{
    struct line_buffer buffer;

    line_buffer_init(&buffer, 16, NULL);
    fill(&buffer, "123456789012345", 15);
    expect_none(&buffer);
    fill(&buffer, "6", 1);
    expect_line(&buffer, LINE_LONG, "1234567890123456", 16);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(the_rest_is_what_was_not_taken)
{
    struct line_buffer buffer;
    const char *rest;
    size_t size;

    line_buffer_init(&buffer, 1460, NULL);
    fill(&buffer, "x\nabc", 5);
    expect_line(&buffer, LINE_WHOLE, "x\n", 2);
    expect_none(&buffer);
    line_buffer_rest(&buffer, &rest, &size);
    ck_assert_uint_eq(size, 3);
    ck_assert_mem_eq(rest, "abc", 3);
    ck_assert_uint_eq(line_buffer_unread(&buffer), 0);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(the_rest_of_nothing_is_empty)
{
    struct line_buffer buffer;
    const char *rest = NULL;
    size_t size = 1;

    line_buffer_init(&buffer, 1460, NULL);
    line_buffer_rest(&buffer, &rest, &size);
    ck_assert_uint_eq(size, 0);
    ck_assert_ptr_nonnull(rest);
    line_buffer_deinit(&buffer);
}
END_TEST

START_TEST(the_longest_allowed_line_fits)
{
    size_t size = (size_t)1024 * 1024;
    char *line = malloc(size);
    struct line_buffer buffer;

    ck_assert_ptr_nonnull(line);
    memset(line, 'x', size - 1);
    line[size - 1] = '\n';
    line_buffer_init(&buffer, size, NULL);
    fill(&buffer, line, size);
    expect_line(&buffer, LINE_WHOLE, line, size);
    line_buffer_deinit(&buffer);
    free(line);
}
END_TEST

START_TEST(a_full_buffer_grows_and_gives_back)
{
    static const char bytes[4096];
    struct line_buffer buffer;
    const char *rest;
    size_t size;

    line_buffer_init(&buffer, 4096, NULL);
    fill(&buffer, bytes, 4000);
    ck_assert(!line_buffer_is_enlarged(&buffer)); /* it has, but not all is read */
    line_buffer_shrink(&buffer);
    ck_assert_uint_eq(line_buffer_unread(&buffer), 4000);
    line_buffer_rest(&buffer, &rest, &size);
    ck_assert(line_buffer_is_enlarged(&buffer));
    line_buffer_shrink(&buffer);
    ck_assert_ptr_null(buffer.data);
    ck_assert(!line_buffer_is_enlarged(&buffer));
    line_buffer_deinit(&buffer);
}
END_TEST

/* The room never grows past what a pipeline uses, however much is sent. */
START_TEST(growth_ends)
{
    static char bytes[300000];
    struct line_buffer buffer;

    memset(bytes, '\n', sizeof bytes);
    line_buffer_init(&buffer, 1460, NULL);
    for (int i = 0; i < 10; i++) {
        size_t room;
        char *into = line_buffer_room(&buffer, &room);
        memcpy(into, bytes, room);
        line_buffer_filled(&buffer, room);
        const char *line;
        size_t size;
        while (line_buffer_next(&buffer, &line, &size) != LINE_NONE)
            continue;
    }
    ck_assert_uint_eq(buffer.capacity, (size_t)64 * 1024);
    line_buffer_deinit(&buffer);
}
END_TEST

/* What the lines of bytes are, found in the slowest way that can be thought of. */
static size_t slow_line(const char *bytes, size_t size, size_t max_line)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == '\n' || i + 1 == max_line)
            return i + 1;
    }
    return 0;
}

START_TEST(random_cuts_make_no_difference)
{
    enum { SIZE = 5000, ROUNDS = 300 };
    static char bytes[SIZE];
    unsigned seed = 20261123;

    for (int round = 0; round < ROUNDS; round++) {
        size_t max_line = 16 + (size_t)rand_r(&seed) % 300;
        int density = 1 + rand_r(&seed) % 200; /* one LF in so many bytes */
        for (size_t i = 0; i < SIZE; i++)
            bytes[i] = (char)(rand_r(&seed) % density == 0 ? '\n' : rand_r(&seed));

        struct line_buffer buffer;
        size_t sent = 0;
        size_t taken = 0;
        line_buffer_init(&buffer, max_line, NULL);
        while (sent < SIZE) {
            size_t piece = 1 + (size_t)rand_r(&seed) % 700;
            piece = piece < SIZE - sent ? piece : SIZE - sent;
            fill(&buffer, bytes + sent, piece);
            sent += piece;
            size_t expected;
            while ((expected = slow_line(bytes + taken, sent - taken, max_line)) > 0) {
                bool is_whole = bytes[taken + expected - 1] == '\n';
                expect_line(&buffer, is_whole ? LINE_WHOLE : LINE_LONG, bytes + taken, expected);
                taken += expected;
            }
            expect_none(&buffer);
        }
        ck_assert_uint_eq(line_buffer_unread(&buffer), SIZE - taken);
        line_buffer_deinit(&buffer);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_new_buffer_has_no_line_and_no_memory,
        lines_come_out_in_order_and_keep_their_ends,
        the_rest_of_a_long_line_can_be_discarded,
        lines_can_be_put_back,
        a_discard_goes_on_with_later_bytes,
        a_line_may_come_byte_by_byte,
        the_lf_is_found_wherever_it_stands,
        max_line_counts_the_lf,
        fifteen_of_sixteen_bytes_are_not_long_yet,
        the_rest_is_what_was_not_taken,
        the_rest_of_nothing_is_empty,
        the_longest_allowed_line_fits,
        a_full_buffer_grows_and_gives_back,
        growth_ends,
        random_cuts_make_no_difference,
    };
    return suite_run("line", tests, sizeof tests / sizeof tests[0]);
}
