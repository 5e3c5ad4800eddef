#include "resp_inline.h"

#include <ctype.h>
#include <stdbool.h>

static bool is_blank(char byte)
{
    return isspace((unsigned char)byte) != 0;
}

/* The blanks that end a word. A vertical tab is a blank between words, but a byte within a word. */
static bool ends_word(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static int hex_digit(char byte)
{
    if (isdigit((unsigned char)byte))
        return byte - '0';
    return isxdigit((unsigned char)byte) ? tolower((unsigned char)byte) - 'a' + 10 : -1;
}

static char escaped(char byte)
{
    switch (byte) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return byte;
    }
}

/* Returns the byte at *at, and moves *at after it. In double quotes it can be an escape with a
 * backslash. */
static char take_byte(const char **at, const char *end, char quote)
{
    const char *from = *at;
    size_t left = (size_t)(end - from);

    if (quote == '"' && left >= 4 && from[0] == '\\' && from[1] == 'x' && hex_digit(from[2]) >= 0 &&
        hex_digit(from[3]) >= 0) {
        *at += 4;
        return (char)(hex_digit(from[2]) * 16 + hex_digit(from[3]));
    }
    if (left >= 2 && from[0] == '\\' && (quote == '"' || (quote == '\'' && from[1] == '\''))) {
        *at += 2;
        return quote == '"' ? escaped(from[1]) : '\'';
    }
    *at += 1;
    return *from;
}

enum inline_found inline_next(const char **rest, const char *end, char *word, size_t *size)
{
    const char *at = *rest;
    char quote = '\0';

    *size = 0;
    while (at < end && is_blank(*at))
        at++;
    if (at == end)
        return INLINE_END;
    while (at < end && (quote != '\0' || !ends_word(*at))) {
        if (quote == '\0' && (*at == '"' || *at == '\'')) {
            quote = *at++;
        } else if (quote != '\0' && *at == quote) {
            if (++at < end && !is_blank(*at))
                return INLINE_UNBALANCED;
            quote = '\0';
            break; /* a blank follows, also one that does not end a word */
        } else {
            word[(*size)++] = take_byte(&at, end, quote);
        }
    }
    *rest = at;
    return quote == '\0' ? INLINE_WORD : INLINE_UNBALANCED;
}
