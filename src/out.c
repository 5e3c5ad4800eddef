#include "out.h"

#include <stdlib.h>
#include <string.h>

/* Up to here it grows by four; then by half, so that little more is taken than is needed. */
#define GROWS_FAST_UP_TO ((size_t)64 * 1024)

void out_init(struct out_buffer *out, size_t most, char *first)
{
    *out = (struct out_buffer){.capacity = first == NULL ? 0 : OUT_FIRST_SIZE, .most = most};
    out->data = first;
    out->first = first;
}

void out_deinit(struct out_buffer *out)
{
    if (out->data != out->first)
        free(out->data);
    out_init(out, out->most, out->first);
}

/* Makes room for size more bytes, or for as many as memory and the limit allow. */
static void grow(struct out_buffer *out, size_t size)
{
    size_t capacity = out->capacity == 0 ? OUT_FIRST_SIZE : out->capacity;
    bool is_first = out->data == out->first;

    while (capacity < out->most && capacity - out->used < size)
        capacity = capacity < GROWS_FAST_UP_TO ? capacity * 4 : capacity + capacity / 2;
    if (capacity > out->most)
        capacity = out->most;
    char *data = realloc(is_first ? NULL : out->data, capacity);
    if (data == NULL)
        return;
    if (is_first && out->used > 0)
        memcpy(data, out->first, out->used);
    out->data = data;
    out->capacity = capacity;
}

size_t out_put_growing(struct out_buffer *out, const char *bytes, size_t size)
{
    if (out->capacity < out->most)
        grow(out, size);
    size_t room = out->capacity - out->used;
    if (size > room)
        size = room;
    if (size > 0)
        memcpy(out->data + out->used, bytes, size);
    out->used += size;
    return size;
}

void out_drop(struct out_buffer *out, size_t size)
{
    out->used -= size;
    if (out->used > 0)
        memmove(out->data, out->data + size, out->used);
}

bool out_has_grown(const struct out_buffer *out)
{
    return out->capacity > OUT_FIRST_SIZE && out->used == 0;
}

void out_shrink(struct out_buffer *out)
{
    if (out_has_grown(out))
        out_deinit(out);
}
