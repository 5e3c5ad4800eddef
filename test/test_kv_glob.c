/* The patterns of KEYS and SCAN. */
#include "../src/handlers/kv/kv_glob.h"
#include "kv_text.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* What KEYS of redis-server 7.0.15 answered, recorded. */
static const char *const texts[] = {
    "",      "a",     "b",      "abc",      "ac",   "aXc",
    "ax",    "bx",    "cx",     "d",        "[",    "]",
    "-",     "\\",    "*",      "?",        "^",    "aaab",
    "ab",    "aXXb",  "xaXbXc", "\344",     "\377", "a\377",
    "hello", "hallo", "hbllo",  "file.txt", ".txt", "aaaaaaaaaaaaaaaaaaaaaa",
    "a-",    "a]",    "c",      "e",        "[a"};
static const struct {
    const char *pattern;
    const char *matches; /* of texts, by number: 1 or 0 */
} globs[] = {
    {"*", "11111111111111111111111111111111111"},
    {"**", "01111111111111111111111111111111111"},
    {"a", "01000000000000000000000000000000000"},
    {"a*", "01011110000000000111000100000111000"},
    {"*a", "01000000000000000000000000000100001"},
    {"*a*b*c", "00010000000000000000100000000000000"},
    {"a?c", "00010100000000000000000000000000000"},
    {"?", "01100000011111111000011000000000110"},
    {"[abc]", "01100000000000000000000000000000100"},
    {"[^abc]", "00000000011111111000011000000000010"},
    {"[a-c]x", "00000011100000000000000000000000000"},
    {"[c-a]x", "00000011100000000000000000000000000"},
    {"[a-", "01000000000010000000000000000000000"},
    {"[a", "01000000000000000000000000000000000"},
    {"[", "00000000000000000000000000000000000"},
    {"[^", "01100000011111111000011000000000110"},
    {"[]", "00000000000000000000000000000000000"},
    {"[]a]", "00000000000000000000000000000000000"},
    {"[\\]]", "00000000000100000000000000000000000"},
    {"[a\\-c]", "01000000000010000000000000000000100"},
    {"\\*", "00000000000000100000000000000000000"},
    {"\\", "00000000000001000000000000000000000"},
    {"a\\", "00000000000000000000000000000000000"},
    {"\\\\", "00000000000001000000000000000000000"},
    {"[\\", "00000000000001000000000000000000000"},
    {"[a-c-e]", "01100000000010000000000000000000110"},
    {"*[", "00000000000000000000000000000000000"},
    {"a**b", "00000000000000000111000000000000000"},
    {"*?*?", "00011111100000000111100111111111001"},
    {"\344", "00000000000000000000010000000000000"},
    {"[\340-\377]", "00000000000000000000011000000000000"},
    {"[a-\377]", "01000000001111111000001000000000000"},
    {"?\377", "00000000000000000000000100000000000"},
    {"[^a-z]*", "00000000001111111000011000001000001"},
    {"*.txt", "00000000000000000000000000011000000"},
    {"h[ae]llo", "00000000000000000000000011000000000"},
    {"h[^e]llo", "00000000000000000000000001100000000"},
    {"h[a-b]llo", "00000000000000000000000001100000000"},
    {"*aab", "00000000000000000100000000000000000"},
    {"[*]", "00000000000000100000000000000000000"},
    {"[?]", "00000000000000010000000000000000000"},
    {"[a-\\]]", "00000000000000000000000000000001000"},
    {"[-a]", "01000000000010000000000000000000000"},
    {"[a-]", "01000000000100001000000000000000000"},
    {"a*a*a*a*b", "00000000000000000000000000000000000"},
};

START_TEST(patterns_match_as_in_redis)
{
    for (size_t i = 0; i < COUNT(globs); i++) {
        for (size_t j = 0; j < COUNT(texts); j++)
            ck_assert_msg(kv_glob(bytes_of(globs[i].pattern), bytes_of(texts[j])) ==
                              (globs[i].matches[j] == '1'),
                          "pattern '%s', text '%s'", globs[i].pattern, texts[j]);
    }
}
END_TEST

/* An algorithm that tries each star again for each other star would take longer than the universe
 * exists. */
START_TEST(many_stars_take_no_longer_than_the_product_of_the_sizes)
{
    static char pattern[401], text[10000];

    for (int i = 0; i < 200; i++)
        memcpy(pattern + 2 * i, "a*", 2);
    pattern[400] = 'b';
    memset(text, 'a', sizeof text);
    ck_assert(
        !kv_glob((struct kv_bytes){pattern, sizeof pattern}, (struct kv_bytes){text, sizeof text}));
    ck_assert(kv_glob((struct kv_bytes){pattern, 400}, (struct kv_bytes){text, sizeof text}));
}
END_TEST

/* Each pattern ends at the end of its memory: a sanitizer finds a read beyond it. */
START_TEST(no_byte_behind_the_pattern_is_read)
{
    for (size_t i = 0; i < COUNT(globs); i++) {
        for (size_t size = 0; size <= strlen(globs[i].pattern); size++) {
            char *pattern = malloc(size + 1);
            ck_assert_ptr_nonnull(pattern);
            memcpy(pattern + 1, globs[i].pattern, size);
            for (size_t j = 0; j < COUNT(texts); j++)
                (void)kv_glob((struct kv_bytes){pattern + 1, size}, bytes_of(texts[j]));
            free(pattern);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        patterns_match_as_in_redis,
        many_stars_take_no_longer_than_the_product_of_the_sizes,
        no_byte_behind_the_pattern_is_read,
    };
    return suite_run("kv_glob", tests, COUNT(tests));
}
