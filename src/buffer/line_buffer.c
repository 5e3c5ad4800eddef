#include "line_buffer.h"

#include "base/invariant.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The buffer of a busy pipeline: about the size of one recv on a fast link. A longer max_line
 * raises it. */
#define CAPACITY_BUSY ((size_t)64 * 1024)

void line_buffer_init(struct line_buffer *buffer, size_t max_line, char *first)
{
    *buffer = (struct line_buffer){.capacity = first == NULL ? 0 : LINE_BUFFER_FIRST_SIZE,
                                   .max_line = max_line};
    buffer->data = first;
    buffer->first = first;
}

void line_buffer_deinit(struct line_buffer *buffer)
{
    block_free(&buffer->block);
    line_buffer_init(buffer, buffer->max_line, buffer->first);
}

size_t line_buffer_unread(const struct line_buffer *buffer)
{
    return buffer->end - buffer->begin;
}

const char *line_buffer_peek(const struct line_buffer *buffer)
{
    return line_buffer_unread(buffer) == 0 ? NULL : buffer->data + buffer->begin;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t capacity_most(const struct line_buffer *buffer)
{
    return larger(CAPACITY_BUSY, larger(buffer->max_line, buffer->wanted));
}

/* False: there is no memory, and the buffer has not changed. */
static bool grow(struct line_buffer *buffer)
{
    size_t capacity = buffer->capacity == 0 ? LINE_BUFFER_FIRST_SIZE : buffer->capacity * 4;
    bool is_first = buffer->data == buffer->first;

    if (capacity > capacity_most(buffer))
        capacity = capacity_most(buffer);
    if (!block_grow(&buffer->block, capacity))
        return false;
    if (is_first && buffer->end > 0)
        memcpy(buffer->block.data, buffer->first, buffer->end);
    buffer->data = buffer->block.data;
    buffer->capacity = capacity;
    return true;
}

/* The untaken bytes are less than a line here, or the caller would have taken it: a short move. */
static void move_to_front(struct line_buffer *buffer)
{
    size_t unread = line_buffer_unread(buffer);

    if (unread > 0)
        memmove(buffer->data, buffer->data + buffer->begin, unread);
    buffer->scanned -= buffer->begin;
    buffer->begin = 0;
    buffer->end = unread;
}

char *line_buffer_room(struct line_buffer *buffer, size_t *size)
{
    if (buffer->begin > 0)
        move_to_front(buffer);
    if ((buffer->was_filled || buffer->end == buffer->capacity) &&
        buffer->capacity < capacity_most(buffer) && !grow(buffer) &&
        buffer->end == buffer->capacity)
        return NULL; /* an allocation for speed may fail, but some room is needed */
    buffer->was_filled = false;
    *size = buffer->capacity - buffer->end;
    return buffer->data + buffer->end;
}

void line_buffer_filled(struct line_buffer *buffer, size_t size)
{
    buffer->end += size;
    buffer->was_filled = buffer->end == buffer->capacity;
}

static void take(struct line_buffer *buffer, size_t length, const char **line, size_t *size)
{
    *line = buffer->data + buffer->begin;
    *size = length;
    buffer->begin += length;
    buffer->scanned = buffer->begin;
}

/* Where the first LF is among size bytes; size if there is none. As memchr, but lines are short,
 * and a call of libc's costs more than its work: see docs/performance.md. */
static size_t find_lf(const char *bytes, size_t size)
{
#ifdef __SSE2__ /* every x86-64 has it */
    const __m128i lf = _mm_set1_epi8('\n');
    size_t at = 0;

    for (; size - at >= sizeof lf; at += sizeof lf) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(bytes + at));
        int found = _mm_movemask_epi8(_mm_cmpeq_epi8(block, lf));
        if (found != 0)
            return at + (size_t)__builtin_ctz((unsigned)found);
    }
    while (at < size && bytes[at] != '\n')
        at++;
    return at;
#else
    const char *found = memchr(bytes, '\n', size);
    return found == NULL ? size : (size_t)(found - bytes);
#endif
}

/* True: the rest of the line has been discarded, if there was one; the next byte is another's. */
static bool finish_discard(struct line_buffer *buffer)
{
    size_t unread = line_buffer_unread(buffer);

    if (!buffer->is_discarding)
        return true;
    if (unread == 0) /* there may be no data to point into */
        return false;
    size_t lf = find_lf(buffer->data + buffer->begin, unread);
    size_t size = lf < unread ? lf + 1 : unread;
    buffer->is_discarding = lf == unread;
    buffer->begin += size;
    buffer->scanned = buffer->begin;
    buffer->discarded += size;
    return !buffer->is_discarding;
}

void line_buffer_discard_rest(struct line_buffer *buffer)
{
    buffer->is_discarding = true;
}

void line_buffer_put_back(struct line_buffer *buffer, const char *line)
{
    INVARIANT(line >= buffer->data && line <= buffer->data + buffer->begin);
    buffer->begin = (size_t)(line - buffer->data);
    buffer->scanned = buffer->begin;
    buffer->is_discarding = false;
}

size_t line_buffer_take_discarded(struct line_buffer *buffer)
{
    size_t discarded = buffer->discarded;

    buffer->discarded = 0;
    return discarded;
}

enum line_found line_buffer_next(struct line_buffer *buffer, const char **line, size_t *size)
{
    if (!finish_discard(buffer))
        return LINE_NONE;
    size_t unread = line_buffer_unread(buffer);
    size_t looked_at = buffer->scanned - buffer->begin;
    size_t look_to = unread < buffer->max_line ? unread : buffer->max_line;

    if (look_to > looked_at) {
        size_t lf = find_lf(buffer->data + buffer->scanned, look_to - looked_at);
        if (lf < look_to - looked_at) {
            take(buffer, looked_at + lf + 1, line, size);
            return LINE_WHOLE;
        }
        buffer->scanned = buffer->begin + look_to;
    }
    if (look_to < buffer->max_line)
        return LINE_NONE;
    take(buffer, buffer->max_line, line, size);
    return LINE_LONG;
}

bool line_buffer_has_line(struct line_buffer *buffer)
{
    const char *line;
    size_t size;

    if (line_buffer_next(buffer, &line, &size) == LINE_NONE)
        return false;
    line_buffer_put_back(buffer, line);
    return true;
}

bool line_buffer_exact(struct line_buffer *buffer, size_t size, const char **bytes)
{
    size_t unused;

    buffer->wanted = larger(buffer->wanted, size);
    if (!finish_discard(buffer) || line_buffer_unread(buffer) < size)
        return false;
    if (size == 0)
        *bytes = "";
    else
        take(buffer, size, bytes, &unused);
    return true;
}

void line_buffer_rest(struct line_buffer *buffer, const char **rest, size_t *size)
{
    finish_discard(buffer);
    *size = line_buffer_unread(buffer);
    if (*size == 0)
        *rest = ""; /* there may be no data to point into */
    else
        take(buffer, *size, rest, size);
}

bool line_buffer_is_enlarged(const struct line_buffer *buffer)
{
    return buffer->capacity > LINE_BUFFER_FIRST_SIZE && line_buffer_unread(buffer) == 0;
}

void line_buffer_shrink(struct line_buffer *buffer)
{
    bool is_discarding = buffer->is_discarding;
    size_t discarded = buffer->discarded;

    if (!line_buffer_is_enlarged(buffer))
        return;
    line_buffer_deinit(buffer);
    buffer->is_discarding = is_discarding;
    buffer->discarded = discarded;
}
