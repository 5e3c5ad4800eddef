#include "texts.h"

#include "fail.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "Received: "

static char line_byte(const struct texts *texts, size_t at)
{
    size_t line = at / texts->line_size;
    size_t offset = at % texts->line_size;

    return (char)(offset + 1 == texts->line_size ? '\n' : 'a' + (line + offset) % TEXTS_CYCLE);
}

static char reply_byte(const struct texts *texts, size_t at)
{
    const size_t prefix = strlen(PREFIX);
    size_t line = at / texts->reply_size;
    size_t offset = at % texts->reply_size;

    if (offset < prefix)
        return PREFIX[offset];
    if (offset < prefix + texts->line_size)
        return line_byte(texts, line * texts->line_size + offset - prefix);
    return '\n';
}

void texts_init(struct texts *texts, size_t line_size, size_t send_most)
{
    size_t send_size = send_most * line_size;

    texts->line_size = line_size;
    texts->reply_size = strlen(PREFIX) + line_size + 1;
    if (send_size < TEXTS_SEND_LEAST)
        send_size = TEXTS_SEND_LEAST;
    size_t lines_size = (TEXTS_CYCLE + 1) * line_size + send_size;
    size_t replies_size = (TEXTS_CYCLE + 1) * texts->reply_size + TEXTS_READ_MOST;
    texts->lines = malloc(lines_size);
    texts->replies = malloc(replies_size);
    if (texts->lines == NULL || texts->replies == NULL)
        fail(EXIT_WRONG, "no memory for the lines; fewer --outstanding need less");
    for (size_t i = 0; i < lines_size; i++)
        texts->lines[i] = line_byte(texts, i);
    for (size_t i = 0; i < replies_size; i++)
        texts->replies[i] = reply_byte(texts, i);
}

void texts_deinit(struct texts *texts)
{
    free(texts->lines);
    free(texts->replies);
}
