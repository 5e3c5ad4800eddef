#include "chat_text.h"

#include <string.h>

/* The length of the UTF-8 character that starts here and is no control: 0 where there is none. */
static size_t wide_length(const unsigned char *bytes, size_t size)
{
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;

    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || length > size ||
        (bytes[0] == 0xc2 && bytes[1] < 0xa0))
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

void chat_clean(const char *line, size_t size, char text[CHAT_TEXT_MOST + 1])
{
    const unsigned char *bytes = (const unsigned char *)line;
    size_t used = 0;

    for (size_t i = 0, length; i < size && used + 4 <= CHAT_TEXT_MOST; i += length) {
        size_t kept = length = 1;
        if (bytes[i] == 0xff && i + 1 < size) {
            kept = 0;
            length = bytes[i + 1] >= 251 && bytes[i + 1] <= 254 ? 3 : 2;
        } else if (bytes[i] >= 0x80) {
            kept = wide_length(bytes + i, size - i);
            length = kept > 0 ? kept : 1;
        } else if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
            kept = 0;
        }
        memcpy(text + used, bytes + i, kept);
        used += kept;
    }
    text[used] = '\0';
}
