/*
 * Bytes to notation, against a slow reference: it believes that bytes are a character where
 * encoding that character gives just these bytes, and it looks up every escape in a table.
 *
 * An input is how often it is repeated (2 bytes), and the bytes: so that short inputs reach the
 * cut.
 */
#include "../../src/base/invariant.h"
#include "../../src/command/log/inspect.h"
#include "fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT ((size_t)40000)

static char bytes[SIZE_LIMIT];

struct text {
    char bytes[SIZE_LIMIT * 6 + 64];
    size_t size;
};

static void add(struct text *text, const char *more, size_t size)
{
    memcpy(text->bytes + text->size, more, size);
    text->size += size;
}

static void add_words(struct text *text, const char *words)
{
    add(text, words, strlen(words));
}

/* RFC 3629, section 3: its table. Returns the length. */
static size_t encode(uint32_t character, char to[4])
{
    if (character <= 0x7f) {
        to[0] = (char)character;
        return 1;
    }
    if (character <= 0x7ff) {
        to[0] = (char)(0xc0 + character / 64);
        to[1] = (char)(0x80 + character % 64);
        return 2;
    }
    if (character <= 0xffff) {
        to[0] = (char)(0xe0 + character / 4096);
        to[1] = (char)(0x80 + character / 64 % 64);
        to[2] = (char)(0x80 + character % 64);
        return 3;
    }
    to[0] = (char)(0xf0 + character / 262144);
    to[1] = (char)(0x80 + character / 4096 % 64);
    to[2] = (char)(0x80 + character / 64 % 64);
    to[3] = (char)(0x80 + character % 64);
    return 4;
}

/* The character with the encoding that the bytes begin with: guessed from the last bits of as many
 * bytes, and believed when encoding it gives these bytes. False: there is none. */
static bool decode(const char *from, size_t size, uint32_t *character, size_t *length)
{
    static const uint32_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

    for (*length = 1; *length <= 4 && *length <= size; ++*length) {
        char encoded[4];
        *character = (unsigned char)from[0] & first_bits[*length];
        for (size_t i = 1; i < *length; i++)
            *character = *character * 64 + ((unsigned char)from[i] & 0x3f);
        if (encode(*character, encoded) == *length && memcmp(encoded, from, *length) == 0)
            return true;
    }
    return false;
}

/* As docs/behaviour.md has it; false: the character is not printable. */
static bool add_character(struct text *text, uint32_t character, const char *from, size_t length)
{
    static const struct {
        uint32_t character;
        const char *notation;
    } escapes[] = {{'\a', "\\a"}, {'\b', "\\b"}, {'\t', "\\t"},  {'\n', "\\n"},
                   {'\v', "\\v"}, {'\f', "\\f"}, {'\r', "\\r"},  {0x1b, "\\e"},
                   {0x7f, "\\d"}, {'"', "\\\""}, {'\\', "\\\\"}, {0xfeff, "\\uFEFF"}};

    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        if (character == escapes[i].character) {
            add_words(text, escapes[i].notation);
            return true;
        }
    }
    if (character < 0x20 || (character >= 0x80 && character < 0xa0) ||
        (character >= 0xd800 && character < 0xe000) || character == 0xfffe || character == 0xffff ||
        character > 0x10ffff)
        return false;
    add(text, from, length);
    return true;
}

/* False: it is no printable text. */
static bool reference_text(struct text *text, size_t size)
{
    size_t at = 0;

    add_words(text, "\"");
    for (int characters = 0; characters < 4096 && at < size; characters++) {
        uint32_t character;
        size_t length;
        if (size - at >= 2 && memcmp(bytes + at, "#{", 2) == 0) {
            add_words(text, "\\#{");
            at += 2;
            continue;
        }
        if (!decode(bytes + at, size - at, &character, &length) ||
            !add_character(text, character, bytes + at, length))
            return false;
        at += length;
    }
    add_words(text, at < size ? "\" <> ..." : "\"");
    return true;
}

static void reference_bytes(struct text *text, size_t size)
{
    add_words(text, "<<");
    for (size_t i = 0; i < size && i < 50; i++) {
        char number[8];
        snprintf(number, sizeof number, "%s%d", i > 0 ? ", " : "", (unsigned char)bytes[i]);
        add_words(text, number);
    }
    add_words(text, size > 50 ? ", ...>>" : ">>");
}

/* No byte below 0x20, no DEL, and no C1 control as UTF-8. */
static void must_be_harmless(const char *notation, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)notation[i];
        INVARIANT(byte >= 0x20 && byte != 0x7f);
        INVARIANT(byte != 0xc2 || (i + 1 < length && (unsigned char)notation[i + 1] >= 0xa0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct text reference;
    size_t unit = size > 2 ? size - 2 : 0;
    size_t total = 0;

    if (size < 2)
        return 0;
    for (size_t times = 1 + data[0] * 256u + data[1]; times > 0 && unit <= SIZE_LIMIT - total;
         times--) {
        memcpy(bytes + total, data + 2, unit);
        total += unit;
    }
    reference.size = 0;
    if (!reference_text(&reference, total)) {
        reference.size = 0;
        reference_bytes(&reference, total);
    }
    size_t bound = inspect_bound(total);
    char *notation = malloc(bound); /* just the bound: the sanitizer sees a byte more */
    INVARIANT(notation != NULL && bound <= INSPECT_MAX);
    size_t length = inspect(notation, bytes, total);
    INVARIANT(length <= bound);
    INVARIANT(length == reference.size && memcmp(notation, reference.bytes, length) == 0);
    must_be_harmless(notation, length);
    free(notation);
    return 0;
}
