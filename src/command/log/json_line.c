#include "json_line.h"

#include "timestamp.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* An escape, such as \u001f, for one byte. */
#define ESCAPE_MAX 6u

static char *put(char *to, const char *text)
{
    while (*text != '\0')
        *to++ = *text++;
    return to;
}

static char *put_number(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0)
        *to++ = digits[--count];
    return to;
}

/* ---- UTF-8 ---- */

/* How many bytes the character that begins with this byte has, and the allowed range of its second
 * byte (RFC 3629, section 4). 0: no character begins with this byte. */
static size_t length_of(unsigned char first, unsigned char *least, unsigned char *most)
{
    *least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* The length of the character that begins here; 0: it is not UTF-8, or not complete. */
static size_t character_length(const unsigned char *bytes, size_t size)
{
    unsigned char least;
    unsigned char most;
    size_t length = length_of(bytes[0], &least, &most);

    if (length == 0 || length > size || (length > 1 && (bytes[1] < least || bytes[1] > most)))
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

/* How many of the bytes, from the first on, are UTF-8. */
static size_t utf8_size(const char *bytes, size_t size)
{
    const unsigned char *from = (const unsigned char *)bytes;
    size_t at = 0;

    while (at < size) {
        size_t length = character_length(from + at, size - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

/* ---- values ---- */

static char *put_escaped(char *to, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                   ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};

    *to++ = '\\';
    if (byte < sizeof letters && letters[byte] != 0) {
        *to++ = letters[byte];
        return to;
    }
    to = put(to, "u00");
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 0xf];
    return to;
}

/* The contents of a string; the bytes are UTF-8. DEL and the control characters of C1 are allowed
 * in JSON; DEL is escaped, so that a terminal shows nothing strange. */
static char *put_text(char *to, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        /* U+0080 to U+009F are 0xc2 and one byte below 0xa0. */
        bool is_c1 = byte == 0xc2 && (unsigned char)bytes[i + 1] < 0xa0;
        if (is_c1)
            to = put_escaped(to, (unsigned char)bytes[++i]);
        else if (byte < ' ' || byte == 0x7f || byte == '"' || byte == '\\')
            to = put_escaped(to, byte);
        else
            *to++ = (char)byte;
    }
    return to;
}

/* The path of a Unix socket can have any byte: U+FFFD replaces bytes that are not UTF-8. */
static char *put_peer(char *to, const char *peer)
{
    size_t size = strlen(peer);

    while (size > 0) {
        size_t good = utf8_size(peer, size);
        to = put_text(to, peer, good);
        if (good < size) {
            to = put(to, "\\ufffd");
            good++;
        }
        peer += good;
        size -= good;
    }
    return to;
}

static char *put_base64(char *to, const char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = (const unsigned char *)bytes;

    for (; size > 0; from += 3) {
        uint32_t three = (uint32_t)from[0] << 16 | (size > 1 ? (uint32_t)from[1] << 8 : 0) |
                         (size > 2 ? from[2] : 0);
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 0x3f];
        *to++ = size > 1 ? digits[three >> 6 & 0x3f] : '=';
        *to++ = size > 2 ? digits[three & 0x3f] : '=';
        size -= size > 2 ? 3 : size;
    }
    return to;
}

/* A cut line ends with a whole character. */
static char *put_line(char *to, const char *line, size_t size)
{
    bool is_cut = size > JSON_LINE_TEXT_MAX;
    size_t shown = is_cut ? JSON_LINE_TEXT_MAX : size;
    size_t good = utf8_size(line, size < shown + 4 ? size : shown + 4);

    if (good >= shown) {
        while (is_cut && ((unsigned char)line[shown] & 0xc0) == 0x80)
            shown--;
        to = put_text(put(to, ",\"line\":\""), line, shown);
    } else {
        to = put_base64(put(to, ",\"line_base64\":\""), line, shown);
    }
    to = put(to, "\"");
    return is_cut ? put(to, ",\"cut\":true") : to;
}

size_t json_line_bound(size_t size)
{
    return (size < JSON_LINE_TEXT_MAX ? size : JSON_LINE_TEXT_MAX) * ESCAPE_MAX + 1280;
}

size_t json_line(char *to, const struct log_event *event)
{
    static const char *const names[] = {"open", "line", "close"};
    const char *begin = to;

    to = timestamp_put(put(to, "{\"ts\":\""), event->time_us);
    to = put_number(put(to, "\",\"conn\":"), event->conn);
    to = put_peer(put(to, ",\"peer\":\""), event->peer);
    to = put(put(put(to, "\",\"event\":\""), names[event->kind]), "\"");
    if (event->kind != LOG_EVENT_OPEN)
        to = put_number(put(to, ",\"bytes\":"), event->bytes);
    if (event->kind == LOG_EVENT_LINE)
        to = put_line(to, event->line, (size_t)event->bytes);
    if (event->kind == LOG_EVENT_CLOSE)
        to = put(put(put(to, ",\"reason\":\""), event->reason), "\"");
    to = put(to, "}\n");
    return (size_t)(to - begin);
}
