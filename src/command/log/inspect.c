#include "inspect.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Text is cut after 4096 characters, other bytes after 50 bytes. */
#define CHARACTERS_MOST 4096u
#define BYTES_MOST      50u

/* "\uFEFF" is the longest escape; the rest is around the text. */
#define ESCAPE_MOST 6u
#define AROUND_MOST (sizeof "\"\" <> ..." - 1)

#define BYTES_NOTATION_MOST (sizeof "<<>>, ..." - 1 + BYTES_MOST * (sizeof "255, " - 1))

/* The letter in the escape of an ASCII character; 0 if it has no escape. */
static char escape_letter(unsigned char character)
{
    switch (character) {
    case '\a':
        return 'a';
    case '\b':
        return 'b';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\v':
        return 'v';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    case 0x1b:
        return 'e';
    case 0x7f:
        return 'd';
    case '"':
    case '\\':
        return (char)character;
    default:
        return 0;
    }
}

static bool stands_for_itself(unsigned char character)
{
    return character >= ' ' && character <= '~' && character != '"' && character != '\\' &&
           character != '#';
}

static bool is_printable(uint32_t character)
{
    return (character >= 0xa0 && character <= 0xd7ff) ||
           (character >= 0xe000 && character <= 0xfffd) ||
           (character >= 0x10000 && character <= 0x10ffff);
}

/* The length of the printable character of more than one byte that starts here; 0 if there is
 * none: not UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF), or not printable. */
static size_t wide_length(const unsigned char *bytes, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length;
    uint32_t character;

    if ((bytes[0] & 0xe0) == 0xc0) {
        length = 2;
        character = bytes[0] & 0x1fu;
    } else if ((bytes[0] & 0xf0) == 0xe0) {
        length = 3;
        character = bytes[0] & 0x0fu;
    } else if ((bytes[0] & 0xf8) == 0xf0) {
        length = 4;
        character = bytes[0] & 0x07u;
    } else {
        return 0;
    }
    if (length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (bytes[i] & 0x3fu);
    }
    return character >= least[length] && is_printable(character) ? length : 0;
}

static char *put(char *to, const void *bytes, size_t size)
{
    return (char *)memcpy(to, bytes, size) + size;
}

/* Writes the ASCII character that starts here. Returns its number of bytes; 0: not printable. */
static size_t put_narrow(char **to, const unsigned char *bytes, size_t size)
{
    char letter = escape_letter(bytes[0]);

    if (stands_for_itself(bytes[0])) {
        *(*to)++ = (char)bytes[0];
        return 1;
    }
    if (bytes[0] == '#') {
        size_t length = size >= 2 && bytes[1] == '{' ? 2 : 1;
        if (length == 2)
            *(*to)++ = '\\';
        *to = put(*to, bytes, length);
        return length;
    }
    if (letter == 0)
        return 0;
    *(*to)++ = '\\';
    *(*to)++ = letter;
    return 1;
}

/* The same for a character of more than one byte. */
static size_t put_wide(char **to, const unsigned char *bytes, size_t size)
{
    size_t length = wide_length(bytes, size);

    if (length == 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        *to = put(*to, "\\uFEFF", ESCAPE_MOST);
    else
        *to = put(*to, bytes, length);
    return length;
}

/* Returns 0 if the bytes are not printable text. Bytes after a cut are not checked and not shown.
 */
static size_t inspect_text(char *notation, const unsigned char *bytes, size_t size)
{
    unsigned characters = 0;
    char *to = notation;

    *to++ = '"';
    for (; size > 0 && characters < CHARACTERS_MOST; characters++) {
        size_t length = bytes[0] < 0x80 ? put_narrow(&to, bytes, size) : put_wide(&to, bytes, size);
        if (length == 0)
            return 0;
        bytes += length;
        size -= length;
    }
    *to++ = '"';
    if (size > 0)
        to = put(to, " <> ...", 7);
    return (size_t)(to - notation);
}

static char *put_decimal(char *to, unsigned char byte)
{
    if (byte >= 100)
        *to++ = (char)('0' + byte / 100);
    if (byte >= 10)
        *to++ = (char)('0' + byte / 10 % 10);
    *to++ = (char)('0' + byte % 10);
    return to;
}

static size_t inspect_bytes(char *notation, const unsigned char *bytes, size_t size)
{
    char *to = notation;

    *to++ = '<';
    *to++ = '<';
    for (size_t i = 0; i < size && i < BYTES_MOST; i++) {
        if (i > 0)
            to = put(to, ", ", 2);
        to = put_decimal(to, bytes[i]);
    }
    if (size > BYTES_MOST)
        to = put(to, ", ...", 5);
    *to++ = '>';
    *to++ = '>';
    return (size_t)(to - notation);
}

size_t inspect_bound(size_t size)
{
    /* A character needs at most twice its bytes. The bytes are first written as text, until one is
     * not printable. So there must be room for both notations. */
    size_t text =
        size < CHARACTERS_MOST * (ESCAPE_MOST / 2) ? size * 2 : CHARACTERS_MOST * ESCAPE_MOST;
    text += AROUND_MOST;
    _Static_assert(INSPECT_MAX == CHARACTERS_MOST * ESCAPE_MOST + AROUND_MOST,
                   "as the header says");
    return text > BYTES_NOTATION_MOST ? text : BYTES_NOTATION_MOST;
}

size_t inspect(char *notation, const char *bytes, size_t size)
{
    const unsigned char *from = (const unsigned char *)bytes;
    size_t length = inspect_text(notation, from, size);

    return length > 0 ? length : inspect_bytes(notation, from, size);
}
