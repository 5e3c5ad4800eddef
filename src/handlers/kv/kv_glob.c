#include "kv_glob.h"

#include <stddef.h>

/* Takes one byte of a set from *at, or a range, and returns whether c is in it. As in Redis, the
 * ends of a range may be in the wrong order, and bytes above 127 are negative numbers. */
static bool take_member(const char **at, const char *end, signed char c)
{
    size_t left = (size_t)(end - *at);

    if (left >= 2 && (*at)[0] == '\\') {
        *at += 2;
        return (signed char)(*at)[-1] == c;
    }
    if (left >= 3 && (*at)[1] == '-') {
        signed char first = (signed char)(*at)[0];
        signed char last = (signed char)(*at)[2];
        *at += 3;
        return first <= last ? first <= c && c <= last : last <= c && c <= first;
    }
    *at += 1;
    return (signed char)(*at)[-1] == c;
}

/* Takes a set from *at, which is behind its bracket. A set without an end ends with the pattern. */
static bool take_set(const char **at, const char *end, char c)
{
    bool is_negated = *at < end && **at == '^';
    bool is_member = false;

    if (is_negated)
        *at += 1;
    while (*at < end && **at != ']')
        is_member = take_member(at, end, (signed char)c) || is_member;
    if (*at < end)
        *at += 1;
    return is_member != is_negated;
}

/* Takes the part of the pattern for one byte, and returns whether c matches it. The part is no
 * star. */
static bool take_one(const char **at, const char *end, char c)
{
    char first = **at;

    *at += 1;
    if (first == '?')
        return true;
    if (first == '[')
        return take_set(at, end, c);
    if (first == '\\' && *at < end)
        first = *(*at)++;
    return first == c;
}

/* After a mismatch the last star takes one byte more. An earlier star never needs to: what follows
 * it has matched as early as possible. */
bool kv_glob(struct kv_bytes pattern, struct kv_bytes text)
{
    const char *at = pattern.bytes;
    const char *end = at + pattern.size;
    const char *byte = text.bytes;
    const char *text_end = byte + text.size;
    const char *after_star = NULL;
    const char *star_byte = NULL; /* the first byte that the star does not take */

    if (text.size == 0) /* as in Redis, not "**" */
        return pattern.size == 0 || (pattern.size == 1 && *at == '*');
    while (byte < text_end) {
        if (at < end && *at == '*') {
            after_star = ++at;
            star_byte = byte;
        } else if (at < end && take_one(&at, end, *byte)) {
            byte++;
        } else if (after_star != NULL) {
            at = after_star;
            byte = ++star_byte;
        } else {
            return false;
        }
    }
    while (at < end && *at == '*')
        at++;
    return at == end;
}
