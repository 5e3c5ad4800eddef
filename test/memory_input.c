#include "memory_input.h"

#include "../src/base/invariant.h"

#include <lined.h>
#include <stdbool.h>
#include <string.h>

void memory_input_begin(struct memory_input *input, size_t max_line, size_t first, size_t next)
{
    input->first = first;
    input->next = next;
    input->sent = 0;
    line_buffer_init(&input->in, max_line, NULL);
}

void memory_input_end(struct memory_input *input)
{
    line_buffer_deinit(&input->in);
}

/* Brings the next piece. False: the client has ended. */
static bool receive(struct memory_input *input)
{
    size_t most = input->sent < input->first ? input->first - input->sent : input->next;
    size_t left = input->size - input->sent;
    size_t room;

    if (left == 0)
        return false;
    char *into = line_buffer_room(&input->in, &room);
    INVARIANT(into != NULL && room > 0);
    most = most < left ? most : left;
    most = most < room ? most : room;
    memcpy(into, input->bytes + input->sent, most);
    line_buffer_filled(&input->in, most);
    input->sent += most;
    return true;
}

int memory_recv_line(struct memory_input *input, const char **line, size_t *size)
{
    while (line_buffer_next(&input->in, line, size) == LINE_NONE) {
        if (!receive(input))
            return LINED_EOF;
    }
    return LINED_OK;
}

int memory_recv_exact(struct memory_input *input, const char **bytes, size_t size)
{
    INVARIANT(size <= LINED_EXACT_MAX);
    while (!line_buffer_exact(&input->in, size, bytes)) {
        if (!receive(input))
            return LINED_EOF;
    }
    return LINED_OK;
}
