/*
 * Bytes that wait to be sent: gathers many small pieces for one send. Pure: knows no descriptor.
 * The buffer starts with memory of its owner, or with none. It grows by four while it is found
 * full, and by half above 64 KiB, up to a limit; send_buffer_shrink frees that memory.
 */
#ifndef SEND_BUFFER_H
#define SEND_BUFFER_H

#include "block.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SEND_BUFFER_FIRST_SIZE 256

struct send_buffer {
    char *data;         /* of block, or first; NULL while capacity is 0 */
    char *first;        /* the owner's SEND_BUFFER_FIRST_SIZE bytes, or NULL */
    size_t capacity;    /* bytes at data */
    size_t used;        /* bytes that wait, from the start of data */
    size_t max;         /* the limit of capacity */
    struct block block; /* owned; empty while data is first */
};

/* first has SEND_BUFFER_FIRST_SIZE bytes and outlives the buffer; NULL: all memory is allocated. */
void send_buffer_init(struct send_buffer *out, size_t max, char *first);

/* Frees the buffer's memory; bytes that wait are lost. */
void send_buffer_deinit(struct send_buffer *out);

/* Takes over size bytes of malloc(3) as what waits. Nothing waits before. */
void send_buffer_adopt(struct send_buffer *out, char *bytes, size_t size);

/* send_buffer_put for more bytes than there is room for now. */
size_t send_buffer_put_growing(struct send_buffer *out, const char *bytes, size_t size);

/* As memcpy, for bytes that are mostly few: each of these copies is of a constant size, so a load
 * and a store, and the last may overlap the one before. No loop, which the compiler would unroll.
 */
static inline void send_buffer_copy(char *to, const char *from, size_t size)
{
    if (size > 64) {
        memcpy(to, from, size);
    } else if (size > 32) {
        memcpy(to, from, 32);
        memcpy(to + size - 32, from + size - 32, 32);
    } else if (size >= 16) {
        memcpy(to, from, 16);
        memcpy(to + size - 16, from + size - 16, 16);
    } else if (size >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else if (size > 0) { /* 1 to 3: the first, the middle, the last */
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

/* Takes bytes that there is room for: size is from 1 to send_buffer_room. */
static inline void send_buffer_put_here(struct send_buffer *out, const char *bytes, size_t size)
{
    send_buffer_copy(out->data + out->used, bytes, size);
    out->used += size;
}

static inline size_t send_buffer_room(const struct send_buffer *out)
{
    return out->capacity - out->used;
}

/* Takes as many of the bytes as there is room for, and returns how many: fewer than size only
 * when the buffer can grow no more. 0 with an empty buffer: there is no memory at all. */
static inline size_t send_buffer_put(struct send_buffer *out, const char *bytes, size_t size)
{
    if (size > send_buffer_room(out))
        return send_buffer_put_growing(out, bytes, size);
    if (size > 0)
        send_buffer_put_here(out, bytes, size);
    return size;
}

/* The first size bytes have been sent. */
void send_buffer_drop(struct send_buffer *out, size_t size);

/* True: the buffer is empty and larger than its first memory, so send_buffer_shrink can free some.
 */
bool send_buffer_is_enlarged(const struct send_buffer *out);

/* Frees that memory. */
void send_buffer_shrink(struct send_buffer *out);

#endif
