#include "../src/handlers/chat/chat_text.h"

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
    EXPECT_TEXT("\x1b[2Jhi\x07\t\r\n", "[2Jhi");
    EXPECT_TEXT("a\xc2\x9b"
                "31m",
                "a31m"); /* a C1 control in UTF-8 */
    EXPECT_TEXT("a\x9b"
                "31m",
                "a31m"); /* and raw */
    EXPECT_TEXT("\xc2\xff\xf1\x9b"
                "31m",
                "31m"); /* nor when what is skipped brings it together */
    EXPECT_TEXT("\xc2\x80\xc2\x9f\xc2\xa0", "\xc2\xa0");
}
END_TEST

/* The edges of Unicode's table 3-7, and its examples of what is ill-formed (tables 3-8 to 3-11). */
START_TEST(what_is_no_utf_8_is_dropped)
{
    EXPECT_TEXT("\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd",
                "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbd");
    EXPECT_TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
    EXPECT_TEXT("a\xe0\x80\x9b"
                "b\xc0\x9b"
                "c\xf0\x80\x80\x9b"
                "d",
                "abcd"); /* an overlong ESC */
    EXPECT_TEXT("a\xc0\x8a"
                "b\xe0\x80\x8a"
                "c",
                "abc"); /* an overlong LF */
    EXPECT_TEXT("a\xc1\xbf"
                "b\xe0\x9f\xbf"
                "c\xf0\x8f\xbf\xbf"
                "d",
                "abcd"); /* overlong, by one */
    EXPECT_TEXT("a\xed\xa0\x80"
                "b\xed\xbf\xbf"
                "c",
                "abc"); /* surrogates */
    EXPECT_TEXT("a\xf4\x90\x80\x80"
                "b\xf5\x80\x80\x80"
                "c\xf8\x88\x80\x80\x80"
                "d",
                "abcd"); /* above U+10FFFF */
    EXPECT_TEXT("\xc2"
                "A",
                "A"); /* a broken character takes nothing with it */
    EXPECT_TEXT("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
                "A\x80\xbf",
                "A");
    EXPECT_TEXT("\xe2\x82\xe2\x82\xac", "\xe2\x82\xac");
    EXPECT_TEXT("\xe2\x82", "");
    EXPECT_TEXT("\xf0\x9f\x98", "");
}
END_TEST

START_TEST(what_deceives_a_reader_is_dropped)
{
    EXPECT_TEXT("a\u202ab\u202bc\u202cd\u202de\u202ef", "abcdef"); /* embeddings, overrides */
    EXPECT_TEXT("a\u2066b\u2067c\u2068d\u2069e", "abcde");         /* isolates */
    EXPECT_TEXT("a\u2028b\u2029c", "abc");                         /* ends of lines */
    EXPECT_TEXT("a\u206ab\u206fc\ufff9d\ufffbe", "abcde");         /* deprecated, annotations */
    EXPECT_TEXT("\ufeff/who\n", "/who");
    EXPECT_TEXT("a\U000e0000b\U000e0068c\U000e007fd", "abcd"); /* tags */
    /* The neighbours of each: they are kept. */
    EXPECT_TEXT("\u2027\u202f\u2065\u2070\ufefe\uff00\ufff8\ufffc",
                "\u2027\u202f\u2065\u2070\ufefe\uff00\ufff8\ufffc");
    EXPECT_TEXT("\U000dffff\U000e0080", "\U000dffff\U000e0080");
    /* What scripts and emoji need: marks, joiners, variation selectors. */
    EXPECT_TEXT("\u200e\u200f\u061c\u200c\u200d\u2060\ufe0f",
                "\u200e\u200f\u061c\u200c\u200d\u2060\ufe0f");
}
END_TEST

START_TEST(the_keys_that_erase_take_a_character_back)
{
    EXPECT_TEXT("helx\b\blo\n", "helo");
    EXPECT_TEXT("helx\x7f\x7flo\n", "helo");
    EXPECT_TEXT("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\b\b\b"
                "b",
                "ab"); /* a whole one each, of 4, 3 and 2 bytes */
    EXPECT_TEXT("\b\x7f"
                "a\b\b\b\b"
                "b",
                "b");
    EXPECT_TEXT("a\xe2\x82\b"
                "b",
                "b"); /* what is no character is not taken back */
    EXPECT_TEXT("/quit\b\b\b\bwho", "/who");
}
END_TEST

/* RFC 854; RFC 855 for subnegotiations. */
START_TEST(telnet_negotiation_is_skipped)
{
    EXPECT_TEXT("\xff\xfd\x03\xff\xfb\x18hello\r\n", "hello");
    EXPECT_TEXT("\xff\xf4stop\n", "stop"); /* IAC IP */
    EXPECT_TEXT("a\xff\xff"
                "b",
                "ab"); /* an escaped 255 */
    EXPECT_TEXT("cut\xff", "cut");
    EXPECT_TEXT("cut\xff\xfd", "cut");
    EXPECT_TEXT("\xff\xfa\x18\x00xterm\xff\xf0hello", "hello");
    EXPECT_TEXT("\xff\xfa\x18\xff\xff\xf0xterm\xff\xf0hello", "hello"); /* 255 is in it */
    EXPECT_TEXT("a\xff\xfaxterm\n", "a");
    EXPECT_TEXT("a\xff\xfaxterm\xff", "a");
    EXPECT_TEXT("a\xff\xfa", "a");
    EXPECT_TEXT("\xe2\xff\xf1\x82\xac", "\xe2\x82\xac");         /* IAC NOP inside of a character */
    EXPECT_TEXT("a\xe2\xff\xff\x82\xac", "a");                   /* but 255 breaks it */
    EXPECT_TEXT("\xc2\xff\x78\x78\x9b", "xx");                   /* no command: 255 is dropped */
    EXPECT_TEXT("\xff\xeb\x8b\xa4", "\xeb\x8b\xa4");             /* nor 235 */
    EXPECT_TEXT("\xff\xec\x95\x84", "");                         /* 236 is one */
    EXPECT_TEXT("\xff\xfax\xff\xf0\x9f\x98\x80", "");            /* SE begins no character */
    EXPECT_TEXT("\xff\xff\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"); /* nor does IAC IAC a command */
    EXPECT_TEXT("\xff\xfbx\xff\xfcx\xff\xfdx\xff\xfex", "");     /* options can be any byte */
    EXPECT_TEXT("\xff\xf9x", "x");
}
END_TEST

START_TEST(long_lines_are_cut)
{
    static char line[3000], expected[CHAT_TEXT_MOST + 1];

    memset(line, 'x', sizeof line);
    memset(expected, 'x', CHAT_TEXT_MOST);
    expect_text(line, CHAT_TEXT_MOST, expected);
    expect_text(line, sizeof line, expected);
    /* Between two characters; nothing shorter comes in instead. */
    memcpy(line + CHAT_TEXT_MOST - 2, "\xe2\x82\xac", 3);
    expected[CHAT_TEXT_MOST - 2] = '\0';
    expect_text(line, sizeof line, expected);
}
END_TEST

/* A line is cut after all keys that erase have had their effect. */
START_TEST(what_is_cut_can_be_taken_back)
{
    static char line[3000], expected[CHAT_TEXT_MOST + 1];

    memset(line, 'x', sizeof line);
    memset(expected, 'x', CHAT_TEXT_MOST);
    memset(line + CHAT_TEXT_MOST + 10, '\b', 10);
    expect_text(line, CHAT_TEXT_MOST + 20, expected);
    memset(line + CHAT_TEXT_MOST + 20, '\b', 2);
    line[CHAT_TEXT_MOST + 22] = 'y';
    expected[CHAT_TEXT_MOST - 2] = 'y';
    expected[CHAT_TEXT_MOST - 1] = '\0';
    expect_text(line, CHAT_TEXT_MOST + 23, expected);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_comes_through,
        what_a_terminal_obeys_does_not,
        what_is_no_utf_8_is_dropped,
        what_deceives_a_reader_is_dropped,
        the_keys_that_erase_take_a_character_back,
        telnet_negotiation_is_skipped,
        long_lines_are_cut,
        what_is_cut_can_be_taken_back,
    };
    return suite_run("chat_text", tests, sizeof tests / sizeof tests[0]);
}
