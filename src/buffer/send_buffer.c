#include "send_buffer.h"

#include <string.h>

/* Up to this size it grows by four; then by half, so that little memory is unused. */
#define GROWS_FAST_UP_TO ((size_t)64 * 1024)

void send_buffer_init(struct send_buffer *out, size_t max, char *first)
{
    *out = (struct send_buffer){.capacity = first == NULL ? 0 : SEND_BUFFER_FIRST_SIZE, .max = max};
    out->data = first;
    out->first = first;
}

void send_buffer_deinit(struct send_buffer *out)
{
    block_free(&out->block);
    send_buffer_init(out, out->max, out->first);
}

void send_buffer_adopt(struct send_buffer *out, char *bytes, size_t size)
{
    send_buffer_deinit(out);
    out->block = (struct block){.data = bytes, .size = size};
    out->data = bytes;
    out->capacity = out->used = size;
}

/* Makes room for size more bytes, or for as many as memory and the limit allow. */
static void grow(struct send_buffer *out, size_t size)
{
    size_t capacity = out->capacity == 0 ? SEND_BUFFER_FIRST_SIZE : out->capacity;
    bool is_first = out->data == out->first;

    while (capacity < out->max && capacity - out->used < size)
        capacity = capacity < GROWS_FAST_UP_TO ? capacity * 4 : capacity + capacity / 2;
    if (capacity > out->max)
        capacity = out->max;
    if (!block_grow(&out->block, capacity))
        return;
    if (is_first && out->used > 0)
        memcpy(out->block.data, out->first, out->used);
    out->data = out->block.data;
    out->capacity = capacity;
}

size_t send_buffer_put_growing(struct send_buffer *out, const char *bytes, size_t size)
{
    if (out->capacity < out->max)
        grow(out, size);
    size_t room = out->capacity - out->used;
    if (size > room)
        size = room;
    if (size > 0)
        memcpy(out->data + out->used, bytes, size);
    out->used += size;
    return size;
}

void send_buffer_drop(struct send_buffer *out, size_t size)
{
    out->used -= size;
    if (out->used > 0)
        memmove(out->data, out->data + size, out->used);
}

bool send_buffer_is_enlarged(const struct send_buffer *out)
{
    return out->capacity > SEND_BUFFER_FIRST_SIZE && out->used == 0;
}

void send_buffer_shrink(struct send_buffer *out)
{
    if (send_buffer_is_enlarged(out))
        send_buffer_deinit(out);
}
