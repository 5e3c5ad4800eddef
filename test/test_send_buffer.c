#include "../src/buffer/send_buffer.h"

#include "suite.h"

#include <string.h>

#define MOST ((size_t)70000) /* no power of the growth */

START_TEST(bytes_gather_in_order)
{
    struct send_buffer out;

    send_buffer_init(&out, MOST, NULL);
    ck_assert_uint_eq(send_buffer_put(&out, "Received: ", 10), 10);
    ck_assert_uint_eq(send_buffer_put(&out, "", 0), 0);
    ck_assert_uint_eq(send_buffer_put(&out, "a\n\n", 3), 3);
    ck_assert_uint_eq(out.used, 13);
    ck_assert_mem_eq(out.data, "Received: a\n\n", 13);
    send_buffer_deinit(&out);
}
END_TEST

START_TEST(pieces_of_every_length_are_copied)
{
    enum { LONGEST = 600 };
    char bytes[LONGEST], expected[LONGEST + 2];

    for (size_t i = 0; i < LONGEST; i++)
        bytes[i] = (char)(i % 251 + 1);
    for (size_t size = 1; size <= LONGEST; size++) {
        struct send_buffer out;
        send_buffer_init(&out, MOST, NULL);
        ck_assert_uint_eq(send_buffer_put(&out, "<", 1), 1);
        ck_assert_uint_eq(send_buffer_put(&out, bytes, size), size); /* the buffer grows for it */
        out.used = 1;
        memset(out.data + 1, 0, size);
        ck_assert_uint_eq(send_buffer_put(&out, bytes, size), size); /* there is room */
        ck_assert_uint_eq(send_buffer_put(&out, ">", 1), 1);
        memcpy(expected + 1, bytes, size);
        expected[0] = '<';
        expected[size + 1] = '>';
        ck_assert_uint_eq(out.used, size + 2);
        ck_assert_mem_eq(out.data, expected, size + 2);
        send_buffer_deinit(&out);
    }
}
END_TEST

/* What a peer can have allocated is what it can have gathered, and half as much. */
START_TEST(past_64_kib_it_takes_half_as_much_again_at_most)
{
    static const char bytes[1000];
    struct send_buffer out;

    send_buffer_init(&out, (size_t)16 * 1024 * 1024, NULL);
    while (out.used < (size_t)4 * 1024 * 1024) {
        ck_assert_uint_eq(send_buffer_put(&out, bytes, sizeof bytes), sizeof bytes);
        ck_assert_uint_le(out.capacity, out.used < 64000 ? 65536 : out.used + out.used / 2);
    }
    send_buffer_deinit(&out);
}
END_TEST

START_TEST(a_full_buffer_takes_what_fits)
{
    static const char bytes[MOST + 5];
    struct send_buffer out;

    send_buffer_init(&out, MOST, NULL);
    ck_assert_uint_eq(send_buffer_put(&out, bytes, 10), 10);
    ck_assert_uint_eq(send_buffer_put(&out, bytes, sizeof bytes), MOST - 10);
    ck_assert_uint_eq(send_buffer_put(&out, bytes, 1), 0);
    ck_assert_uint_eq(out.used, MOST);
    send_buffer_deinit(&out);
}
END_TEST

START_TEST(what_was_sent_is_dropped)
{
    struct send_buffer out;

    send_buffer_init(&out, MOST, NULL);
    send_buffer_put(&out, "abcdef", 6);
    send_buffer_drop(&out, 2);
    ck_assert_uint_eq(out.used, 4);
    ck_assert_mem_eq(out.data, "cdef", 4);
    send_buffer_drop(&out, 4);
    ck_assert_uint_eq(out.used, 0);
    send_buffer_deinit(&out);
}
END_TEST

START_TEST(memory_is_given_back_when_nothing_waits)
{
    static const char bytes[1000];
    struct send_buffer out;

    send_buffer_init(&out, MOST, NULL);
    send_buffer_put(&out, bytes, 1);
    ck_assert(!send_buffer_is_enlarged(&out)); /* the least is kept */
    send_buffer_put(&out, bytes, sizeof bytes);
    ck_assert(!send_buffer_is_enlarged(&out)); /* it has, but bytes wait */
    send_buffer_shrink(&out);
    ck_assert_uint_eq(out.used, 1001);
    out.used = 0;
    ck_assert(send_buffer_is_enlarged(&out));
    send_buffer_shrink(&out);
    ck_assert_ptr_null(out.data);
    send_buffer_deinit(&out);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_gather_in_order,
        pieces_of_every_length_are_copied,
        past_64_kib_it_takes_half_as_much_again_at_most,
        a_full_buffer_takes_what_fits,
        what_was_sent_is_dropped,
        memory_is_given_back_when_nothing_waits,
    };
    return suite_run("out", tests, sizeof tests / sizeof tests[0]);
}
