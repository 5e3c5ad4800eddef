#include "../src/command/log/inspect.h"

#include "suite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void expect_notation(const char *bytes, size_t size, const char *expected)
{
    size_t bound = inspect_bound(size);
    char *notation = malloc(bound + 1); /* exactly the bound: the sanitizer sees a byte more */
    ck_assert_ptr_nonnull(notation);
    size_t length = inspect(notation, bytes, size);

    ck_assert_uint_le(length, bound);
    notation[length] = '\0';
    ck_assert_str_eq(notation, expected);
    free(notation);
}

#define EXPECT_NOTATION(bytes, expected) expect_notation(bytes, sizeof bytes - 1, expected)

START_TEST(text_stands_in_quotes)
{
    EXPECT_NOTATION("", "\"\"");
    EXPECT_NOTATION("hello\n", "\"hello\\n\"");
    EXPECT_NOTATION("hello\r\n", "\"hello\\r\\n\"");
    EXPECT_NOTATION(" ~", "\" ~\"");
}
END_TEST

START_TEST(escapes_are_elixirs)
{
    EXPECT_NOTATION("\a\b\t\n\v\f\r\x1b\x7f", "\"\\a\\b\\t\\n\\v\\f\\r\\e\\d\"");
    EXPECT_NOTATION("\"\\", "\"\\\"\\\\\"");
    EXPECT_NOTATION("#{x} #x { # {#", "\"\\#{x} #x { # {#\"");
    EXPECT_NOTATION("\xef\xbb\xbfx", "\"\\uFEFFx\"");
}
END_TEST

START_TEST(printable_unicode_stands_for_itself)
{
    EXPECT_NOTATION("h\xc3\xa9llo", "\"h\xc3\xa9llo\"");
    EXPECT_NOTATION("\xc2\xa0", "\"\xc2\xa0\"");                 /* U+00A0, the first */
    EXPECT_NOTATION("\xed\x9f\xbf", "\"\xed\x9f\xbf\"");         /* U+D7FF */
    EXPECT_NOTATION("\xee\x80\x80", "\"\xee\x80\x80\"");         /* U+E000 */
    EXPECT_NOTATION("\xef\xbf\xbd", "\"\xef\xbf\xbd\"");         /* U+FFFD */
    EXPECT_NOTATION("\xf0\x90\x80\x80", "\"\xf0\x90\x80\x80\""); /* U+10000 */
    EXPECT_NOTATION("\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""); /* U+10FFFF, the last */
}
END_TEST

START_TEST(anything_else_is_its_bytes)
{
    EXPECT_NOTATION("\0", "<<0>>");
    EXPECT_NOTATION("a\0b\n", "<<97, 0, 98, 10>>");
    EXPECT_NOTATION("\xc2\x9f", "<<194, 159>>");                   /* U+009F, C1 */
    EXPECT_NOTATION("\xed\xa0\x80", "<<237, 160, 128>>");          /* U+D800, a surrogate */
    EXPECT_NOTATION("\xef\xbf\xbe", "<<239, 191, 190>>");          /* U+FFFE */
    EXPECT_NOTATION("\xf4\x90\x80\x80", "<<244, 144, 128, 128>>"); /* beyond U+10FFFF */
    EXPECT_NOTATION("\xc0\xaf", "<<192, 175>>");                   /* overlong */
    EXPECT_NOTATION("\xe0\x9f\xbf", "<<224, 159, 191>>");
    EXPECT_NOTATION("\xf0\x8f\xbf\xbf", "<<240, 143, 191, 191>>");
    EXPECT_NOTATION("\xe2\x82", "<<226, 130>>"); /* cut short */
    EXPECT_NOTATION("\xe2\x82\n", "<<226, 130, 10>>");
    EXPECT_NOTATION("\x80", "<<128>>"); /* begins in the middle */
    EXPECT_NOTATION("\xff\xfe\n", "<<255, 254, 10>>");
    EXPECT_NOTATION("\x01\n", "<<1, 10>>");
}
END_TEST

START_TEST(fifty_bytes_are_shown)
{
    static const char bytes[51];
    char expected[300] = "<<0";

    for (int i = 1; i < 50; i++)
        strcat(expected, ", 0");
    size_t length = strlen(expected);
    strcat(expected, ">>");
    expect_notation(bytes, 50, expected);
    strcpy(expected + length, ", ...>>");
    expect_notation(bytes, 51, expected);
}
END_TEST

/* 4096 characters, however many bytes each is, and #{ is one; as Elixir 1.14 prints them. */
static void expect_cut(const char *unit, const char *shown, const char *after,
                       const char *after_shown)
{
    enum { CHARACTERS = 4096 };
    size_t unit_size = strlen(unit);
    size_t shown_size = strlen(shown);
    char *bytes = malloc(CHARACTERS * unit_size + 8);
    char *expected = malloc(CHARACTERS * shown_size + 16);

    ck_assert(bytes != NULL && expected != NULL);
    expected[0] = '"';
    for (size_t i = 0; i < CHARACTERS; i++) {
        memcpy(bytes + i * unit_size, unit, unit_size);
        memcpy(expected + 1 + i * shown_size, shown, shown_size);
    }
    strcpy(bytes + CHARACTERS * unit_size, after);
    strcpy(expected + 1 + CHARACTERS * shown_size, after_shown);
    expect_notation(bytes, strlen(bytes), expected);
    free(bytes);
    free(expected);
}

START_TEST(text_is_cut_after_4096_characters)
{
    expect_cut("a", "a", "", "\"");
    expect_cut("a", "a", "b", "\" <> ...");
    expect_cut("a", "a", "\xff", "\" <> ..."); /* what is not shown is not looked at */
    expect_cut("\xc3\xa9", "\xc3\xa9", "", "\"");
    expect_cut("\xc3\xa9", "\xc3\xa9", "x", "\" <> ...");
    expect_cut("#{", "\\#{", "", "\"");
    expect_cut("#{", "\\#{", "x", "\" <> ...");
    expect_cut("\xef\xbb\xbf", "\\uFEFF", "x", "\" <> ...");
    expect_cut("\n", "\\n", "x", "\" <> ...");
}
END_TEST

/* No byte below 0x20, no DEL, and no C1 control: neither alone nor as UTF-8. */
static bool is_harmless(const char *notation, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)notation[i];
        unsigned char next = i + 1 < length ? (unsigned char)notation[i + 1] : 0;
        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0))
            return false;
    }
    return true;
}

START_TEST(random_bytes_never_print_a_control)
{
    enum { SIZE_LIMIT = 6000, ROUNDS = 3000 };
    static char bytes[SIZE_LIMIT];
    unsigned seed = 20261123;

    for (int round = 0; round < ROUNDS; round++) {
        size_t size = (size_t)rand_r(&seed) % (round % 10 == 0 ? SIZE_LIMIT : 60);
        int kind = rand_r(&seed) % 3; /* any bytes; ASCII; what is printable, mostly */
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)(kind == 0   ? rand_r(&seed)
                              : kind == 1 ? rand_r(&seed) % 128
                                          : ' ' + rand_r(&seed) % 95);
        size_t bound = inspect_bound(size);
        char *notation = malloc(bound);
        ck_assert_ptr_nonnull(notation);
        size_t length = inspect(notation, bytes, size);
        ck_assert_uint_le(length, bound);
        ck_assert_uint_le(length, INSPECT_MAX);
        ck_assert(is_harmless(notation, length));
        free(notation);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_stands_in_quotes,
        escapes_are_elixirs,
        printable_unicode_stands_for_itself,
        anything_else_is_its_bytes,
        fifty_bytes_are_shown,
        text_is_cut_after_4096_characters,
        random_bytes_never_print_a_control,
    };
    return suite_run("inspect", tests, sizeof tests / sizeof tests[0]);
}
