/*
 * Bytes waiting to be sent: gathers many small pieces for one send. Pure: knows no descriptor.
 * Grows by four while it is found full, up to a limit; gives its memory back with out_shrink.
 */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct out_buffer {
    char *data;      /* owned; NULL while capacity is 0 */
    size_t capacity; /* bytes at data */
    size_t used;     /* bytes waiting, from the start */
    size_t most;     /* the limit of capacity */
};

void out_init(struct out_buffer *out, size_t most);
void out_deinit(struct out_buffer *out);

/* out_put for more bytes than there is room for now. */
size_t out_put_growing(struct out_buffer *out, const char *bytes, size_t size);

/* As memcpy, for bytes that are mostly few: copies of a constant size are a load and a store each,
 * and the last of them may overlap the one before. */
static inline void out_copy(char *to, const char *from, size_t size)
{
    enum { BLOCK = 16, HALF = 8, MANY = 256 };

    if (size > MANY) {
        memcpy(to, from, size);
    } else if (size >= BLOCK) {
        for (size_t at = 0; at < size - BLOCK; at += BLOCK)
            memcpy(to + at, from + at, BLOCK);
        memcpy(to + size - BLOCK, from + size - BLOCK, BLOCK);
    } else if (size >= HALF) {
        memcpy(to, from, HALF);
        memcpy(to + size - HALF, from + size - HALF, HALF);
    } else {
        for (size_t at = 0; at < size; at++)
            to[at] = from[at];
    }
}

/* Takes as many of the bytes as there is room for, and returns how many: fewer than size only
 * when the buffer can grow no more. 0 with an empty buffer: there is no memory at all. */
static inline size_t out_put(struct out_buffer *out, const char *bytes, size_t size)
{
    if (out->capacity - out->used < size || size == 0)
        return size == 0 ? 0 : out_put_growing(out, bytes, size);
    out_copy(out->data + out->used, bytes, size);
    out->used += size;
    return size;
}

/* The first size bytes have been sent. */
void out_drop(struct out_buffer *out, size_t size);

/* True if there is memory to give back: nothing waits, and the buffer is past its least. */
bool out_has_grown(const struct out_buffer *out);

/* Gives that memory back. */
void out_shrink(struct out_buffer *out);

#endif
