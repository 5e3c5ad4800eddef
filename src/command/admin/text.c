#include "text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text text_in(char *bytes, size_t size)
{
    bytes[0] = '\0';
    return (struct text){.bytes = bytes, .size = size};
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;

    if (text->is_short)
        return;
    va_start(arguments, format);
    int size = vsnprintf(text->bytes + text->used, text->size - text->used, format, arguments);
    va_end(arguments);
    text->is_short = size < 0 || (size_t)size >= text->size - text->used;
    if (text->is_short)
        text->bytes[text->used] = '\0'; /* no half words */
    else
        text->used += (size_t)size;
}

void text_bytes(struct text *text, const char *bytes, size_t size)
{
    text->is_short |= size >= text->size - text->used;
    if (text->is_short)
        return;
    memcpy(text->bytes + text->used, bytes, size);
    text->used += size;
    text->bytes[text->used] = '\0';
}

/* Bytes of UTF-8 from 0x80 on stay as they are. */
static char printable(char byte)
{
    return (unsigned char)byte < ' ' || byte == 0x7f ? '?' : byte;
}

void text_html(struct text *text, const char *words)
{
    for (; *words != '\0'; words++) {
        if (strchr("&<>\"'`", *words) != NULL)
            text_add(text, "&#%d;", *words);
        else
            text_add(text, "%c", printable(*words));
    }
}

void text_label(struct text *text, const char *words)
{
    for (; *words != '\0'; words++)
        text_add(text, *words == '"' || *words == '\\' ? "\\%c" : "%c", printable(*words));
}

/* JSON escapes the same characters. */
void text_json(struct text *text, const char *words)
{
    text_label(text, words);
}

void text_number(struct text *text, uint64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number);

    for (int i = 0; i < size; i++)
        text_add(text, i > 0 && (size - i) % 3 == 0 ? ",%c" : "%c", digits[i]);
}

void text_age(struct text *text, uint64_t ms)
{
    uint64_t seconds = ms / 1000;
    uint64_t minutes = seconds / 60;
    uint64_t hours = minutes / 60;

    if (minutes == 0)
        text_add(text, "%" PRIu64 " s", seconds);
    else if (hours == 0)
        text_add(text, "%" PRIu64 " min %" PRIu64 " s", minutes, seconds % 60);
    else if (hours < 24)
        text_add(text, "%" PRIu64 " h %" PRIu64 " min", hours, minutes % 60);
    else
        text_add(text, "%" PRIu64 " d %" PRIu64 " h", hours / 24, hours % 24);
}
