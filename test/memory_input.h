/*
 * What a client sends, in memory: the receiving half of a connection without a socket, for tests
 * that run a task on a lined_conn of their own.
 */
#ifndef MEMORY_INPUT_H
#define MEMORY_INPUT_H

#include "../src/buffer/line_buffer.h"

#include <stddef.h>
#include <stdint.h>

struct memory_input {
    struct line_buffer in;
    const uint8_t *bytes; /* what the client sends */
    size_t size;
    size_t sent;
    size_t first; /* the size of the first piece */
    size_t next;  /* the most that each later one has */
};

/* It comes in pieces, see above. memory_input_end frees. */
void memory_input_begin(struct memory_input *input, size_t max_line, size_t first, size_t next);
void memory_input_end(struct memory_input *input);

/* As lined_recv_line and lined_recv_exact. After the last byte the client has ended its side. */
int memory_recv_line(struct memory_input *input, const char **line, size_t *size);
int memory_recv_exact(struct memory_input *input, const char **bytes, size_t size);

#endif
