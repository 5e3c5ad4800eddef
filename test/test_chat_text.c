#include "../src/workers/chat_text.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

static void expect_text(const char *line, size_t size, const char *expected)
{
    char text[CHAT_TEXT_MOST + 1];
    char *copy = malloc(size + 1); /* of just that size: the sanitizer sees a byte more */

    ck_assert_ptr_nonnull(copy);
    char *exact = realloc(copy, size > 0 ? size : 1);
    ck_assert_ptr_nonnull(exact);
    memcpy(exact, line, size);
    chat_clean(exact, size, text);
    ck_assert_str_eq(text, expected);
    free(exact);
}

#define EXPECT_TEXT(line, expected) expect_text(line, sizeof line - 1, expected)

START_TEST(text_comes_through)
{
    EXPECT_TEXT("hello\r\n", "hello");
    EXPECT_TEXT("h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80\n",
                "h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80");
    EXPECT_TEXT("", "");
}
END_TEST

START_TEST(what_a_terminal_obeys_does_not)
{
    EXPECT_TEXT("\x1b[2Jhi\x07\x7f\n", "[2Jhi");
    EXPECT_TEXT("a\xc2\x9b"
                "31m",
                "a31m"); /* a C1 control in UTF-8 */
    EXPECT_TEXT("a\x9b"
                "31m",
                "a31m"); /* and raw */
    EXPECT_TEXT("\xc2\xff\xf1\x9b"
                "31m",
                "31m"); /* nor when what is skipped brings it together */
    EXPECT_TEXT("\xc2\xff\x78\x78\x9b", "x");
    EXPECT_TEXT("\xc2"
                "A",
                "A"); /* a broken character takes nothing with it */
    EXPECT_TEXT("\xe2\x82", "");
    EXPECT_TEXT("\xf0\x9f\x98", "");
    EXPECT_TEXT("\xc0\xaf", "");
}
END_TEST

START_TEST(telnet_negotiation_is_skipped)
{
    EXPECT_TEXT("\xff\xfd\x03\xff\xfb\x18hello\r\n", "hello");
    EXPECT_TEXT("\xff\xf4stop\n", "stop"); /* IAC IP */
    EXPECT_TEXT("a\xff\xff"
                "b",
                "ab"); /* an escaped 255 */
    EXPECT_TEXT("cut\xff", "cut");
    EXPECT_TEXT("cut\xff\xfd", "cut");
}
END_TEST

START_TEST(long_lines_are_cut)
{
    static char line[3000], expected[CHAT_TEXT_MOST + 1];
    char text[CHAT_TEXT_MOST + 1];

    memset(line, 'x', sizeof line);
    chat_clean(line, sizeof line, text);
    ck_assert_uint_le(strlen(text), CHAT_TEXT_MOST);
    ck_assert_uint_ge(strlen(text), CHAT_TEXT_MOST - 4);
    memset(expected, 'x', strlen(text));
    ck_assert_str_eq(text, expected);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_comes_through,
        what_a_terminal_obeys_does_not,
        telnet_negotiation_is_skipped,
        long_lines_are_cut,
    };
    return suite_run("chat_text", tests, sizeof tests / sizeof tests[0]);
}
