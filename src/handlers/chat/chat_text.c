#include "chat_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- telnet ---- */

/* RFC 854, "TELNET COMMAND STRUCTURE". The commands begin with those of RFC 1184. */
enum { FIRST_COMMAND = 236, SE = 240, SB = 250, WILL = 251, DONT = 254, IAC = 255 };

/* The length of the subnegotiation that starts here, including IAC SB and IAC SE. */
static size_t subnegotiation_length(const unsigned char *bytes, size_t size)
{
    for (size_t i = 2; i + 1 < size; i++) {
        if (bytes[i] != IAC)
            continue;
        if (bytes[i + 1] == SE)
            return i + 2;
        i++; /* IAC IAC is a data byte */
    }
    return size;
}

/* The length of the command that starts here; 0 if there is none. */
static size_t command_length(const unsigned char *bytes, size_t size)
{
    if (size < 2 || bytes[0] != IAC || bytes[1] < FIRST_COMMAND || bytes[1] == IAC)
        return 0;
    if (bytes[1] == SB)
        return subnegotiation_length(bytes, size);
    return bytes[1] >= WILL && bytes[1] <= DONT && size > 2 ? 3 : 2;
}

/* ---- UTF-8 ---- */

struct decoder {
    unsigned char bytes[4]; /* of the current character */
    unsigned length;        /* of bytes */
    unsigned missing;       /* number of bytes that are missing */
    unsigned char least;    /* the range of the next byte, from least to most */
    unsigned char most;
    uint32_t character;
};

/* Unicode, table 3-7: after some first bytes the range of the second is smaller. */
static void expect_second(struct decoder *decoder, unsigned char first)
{
    decoder->least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    decoder->most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
}

static bool begin(struct decoder *decoder, unsigned char byte)
{
    decoder->missing = 0;
    decoder->length = 1;
    decoder->bytes[0] = byte;
    decoder->character = byte;
    if (byte < 0x80)
        return true;
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    decoder->missing = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    decoder->character = byte & (0x3fu >> decoder->missing);
    expect_second(decoder, byte);
    return false;
}

/* True if the byte is the last one of a character. A byte that cannot continue the current
 * character ends it, and may begin another. */
static bool decode(struct decoder *decoder, unsigned char byte)
{
    if (decoder->missing == 0 || byte < decoder->least || byte > decoder->most)
        return begin(decoder, byte);
    decoder->bytes[decoder->length++] = byte;
    decoder->character = decoder->character << 6 | (byte & 0x3fu);
    decoder->least = 0x80;
    decoder->most = 0xbf;
    return --decoder->missing == 0;
}

/* ---- characters ---- */

static bool is_dropped(uint32_t character)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } dropped[] = {{0x0000, 0x001f}, {0x007f, 0x009f}, {0x2028, 0x202e},  {0x2066, 0x206f},
                   {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
        if (character >= dropped[i].first && character <= dropped[i].last)
            return true;
    }
    return false;
}

/* ---- text ---- */

struct text {
    char *bytes; /* complete characters */
    size_t used;
    size_t cut; /* number of following characters that had no room */
};

static void put(struct text *text, const struct decoder *decoder)
{
    if (text->cut > 0 || text->used + decoder->length > CHAT_TEXT_MOST) {
        text->cut++;
        return;
    }
    memcpy(text->bytes + text->used, decoder->bytes, decoder->length);
    text->used += decoder->length;
}

static void erase(struct text *text)
{
    if (text->cut > 0) {
        text->cut--;
        return;
    }
    while (text->used > 0 && ((unsigned char)text->bytes[--text->used] & 0xc0) == 0x80)
        continue;
}

static void take(struct text *text, const struct decoder *decoder)
{
    if (decoder->character == '\b' || decoder->character == 0x7f)
        erase(text);
    else if (!is_dropped(decoder->character))
        put(text, decoder);
}

void chat_clean(const char *line, size_t size, char text[CHAT_TEXT_MOST + 1])
{
    const unsigned char *bytes = (const unsigned char *)line;
    struct decoder decoder = {0};
    struct text cleaned = {.bytes = text};

    while (size > 0) {
        size_t length = command_length(bytes, size);
        if (length == 0) {
            length = bytes[0] == IAC && size > 1 && bytes[1] == IAC ? 2 : 1;
            if (decode(&decoder, bytes[0]))
                take(&cleaned, &decoder);
        }
        bytes += length;
        size -= length;
    }
    text[cleaned.used] = '\0';
}
