/*
 * A line to the text that other clients see, against a slow reference: it makes three passes, it
 * believes that bytes are a character where encoding that character gives just these bytes, and it
 * compares each character with every one that is dropped.
 *
 * An input is how often it is repeated (1 byte), and the bytes: so that short inputs reach the cut.
 */
#include "../../src/base/invariant.h"
#include "../../src/handlers/chat/chat_text.h"
#include "fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT ((size_t)8192)

/* What a pass leaves for the next. */
struct pass {
    size_t count;
    uint32_t items[SIZE_LIMIT]; /* bytes, or characters */
};

/* ---- the first pass: bytes without telnet's commands ---- */

/* Where the subnegotiation ends: after the first IAC SE, but IAC IAC is passed over. */
static size_t after_subnegotiation(const uint8_t *bytes, size_t size, size_t at)
{
    while (at + 2 <= size) {
        if (memcmp(bytes + at, "\xff\xf0", 2) == 0)
            return at + 2;
        at += bytes[at] == 255 ? 2 : 1;
    }
    return size;
}

static void strip_telnet(struct pass *to, const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    to->count = 0;
    while (at < size) {
        if (at + 1 == size || bytes[at] != 255 || bytes[at + 1] < 236) {
            to->items[to->count++] = bytes[at++];
            continue;
        }
        switch (bytes[at + 1]) {
        case 255: /* an escaped byte */
            to->items[to->count++] = 255;
            at += 2;
            break;
        case 251: /* WILL, WONT, DO, DONT, and an option */
        case 252:
        case 253:
        case 254:
            at += 3;
            break;
        case 250: /* SB */
            at = after_subnegotiation(bytes, size, at + 2);
            break;
        default:
            at += 2;
        }
    }
}

/* ---- the second pass: characters ---- */

/* RFC 3629, section 3: its table. Returns the length. */
static size_t encode(uint32_t character, uint32_t to[4])
{
    const uint32_t last = 0x80 + character % 64, third = 0x80 + character / 64 % 64;

    if (character <= 0x7f) {
        to[0] = character;
        return 1;
    }
    if (character <= 0x7ff) {
        memcpy(to, (uint32_t[]){0xc0 + character / 64, last}, 2 * sizeof *to);
        return 2;
    }
    if (character <= 0xffff) {
        memcpy(to, (uint32_t[]){0xe0 + character / 4096, third, last}, 3 * sizeof *to);
        return 3;
    }
    memcpy(to, (uint32_t[]){0xf0 + character / 262144, 0x80 + character / 4096 % 64, third, last},
           4 * sizeof *to);
    return 4;
}

/* The length of the character that the bytes begin with; 0: they begin with none. */
static size_t decode(const uint32_t *bytes, size_t size, uint32_t *character)
{
    static const uint32_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

    for (size_t length = 1; length <= 4 && length <= size; length++) {
        uint32_t encoded[4];
        *character = bytes[0] & first_bits[length];
        for (size_t i = 1; i < length; i++)
            *character = *character * 64 + (bytes[i] & 0x3f);
        if (*character <= 0x10ffff && (*character < 0xd800 || *character > 0xdfff) &&
            encode(*character, encoded) == length &&
            memcmp(encoded, bytes, length * sizeof *bytes) == 0)
            return length;
    }
    return 0;
}

/* A byte that begins no character is dropped. What is left of an ill-formed sequence then begins
 * none either, so this drops as much as a maximal subpart at a time. */
static void decode_all(struct pass *to, const struct pass *from)
{
    size_t at = 0;

    to->count = 0;
    while (at < from->count) {
        size_t length = decode(from->items + at, from->count - at, &to->items[to->count]);
        to->count += length > 0;
        at += length > 0 ? length : 1;
    }
}

/* ---- the third pass: what is shown ---- */

static bool may_be_shown(uint32_t character)
{
    static const uint32_t dropped[] = {
        0x2028, 0x2029,                                 /* separators */
        0x202a, 0x202b, 0x202c, 0x202d, 0x202e,         /* embeddings and overrides */
        0x2066, 0x2067, 0x2068, 0x2069,                 /* isolates */
        0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f, /* deprecated */
        0xfeff, 0xfff9, 0xfffa, 0xfffb,                 /* byte order mark, annotations */
    };

    if (character < ' ' || (character > '~' && character < 0xa0))
        return false;
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        if (character == dropped[i])
            return false;
    }
    return character / 128 != 0xe0000 / 128; /* tags */
}

static void edit(struct pass *to, const struct pass *from)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        if (from->items[i] == 8 || from->items[i] == 127)
            to->count -= to->count > 0;
        else if (may_be_shown(from->items[i]))
            to->items[to->count++] = from->items[i];
    }
}

/* As many characters as there is room for, encoded and terminated. */
static void write_text(char text[CHAT_TEXT_MOST + 1], const struct pass *characters)
{
    size_t used = 0;

    for (size_t i = 0; i < characters->count; i++) {
        uint32_t encoded[4];
        size_t length = encode(characters->items[i], encoded);
        if (used + length > CHAT_TEXT_MOST)
            break;
        for (size_t j = 0; j < length; j++)
            text[used++] = (char)encoded[j];
    }
    text[used] = '\0';
}

/* Well-formed UTF-8, and nothing in it that is dropped. */
static void must_be_clean(const char *text)
{
    static struct pass bytes;
    size_t at = 0;

    bytes.count = strlen(text);
    INVARIANT(bytes.count <= CHAT_TEXT_MOST);
    for (size_t i = 0; i < bytes.count; i++)
        bytes.items[i] = (unsigned char)text[i];
    while (at < bytes.count) {
        uint32_t character;
        size_t length = decode(bytes.items + at, bytes.count - at, &character);
        INVARIANT(length > 0 && may_be_shown(character));
        at += length;
    }
}

static void try_line(const uint8_t *line, size_t size)
{
    static struct pass bytes, characters, shown;
    char text[CHAT_TEXT_MOST + 1], expected[CHAT_TEXT_MOST + 1];

    strip_telnet(&bytes, line, size);
    decode_all(&characters, &bytes);
    edit(&shown, &characters);
    write_text(expected, &shown);
    chat_clean((const char *)line, size, text);
    must_be_clean(text);
    INVARIANT(strcmp(text, expected) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t unit = size > 0 ? size - 1 : 0;
    size_t times = size > 0 ? (size_t)data[0] + 1 : 0;

    if (unit == 0 || unit > SIZE_LIMIT)
        return 0;
    if (times > SIZE_LIMIT / unit)
        times = SIZE_LIMIT / unit;
    uint8_t *line = malloc(unit * times); /* of just that size: the sanitizer sees a byte more */
    INVARIANT(line != NULL);
    for (size_t i = 0; i < times; i++)
        memcpy(line + i * unit, data + 1, unit);
    try_line(line, unit * times);
    free(line);
    return 0;
}
