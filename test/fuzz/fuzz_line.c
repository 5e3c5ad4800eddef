/*
 * Bytes to lines, against the slowest reference that can be thought of: all bytes ever sent stand
 * in one array, and each line is looked for in it byte by byte. The reference knows nothing of
 * pieces, so that all cuts must give the same lines.
 *
 * An input is max_line and whether long lines are discarded (2 bytes), then steps: a byte that says
 * which, and what it needs.
 */
#include "../../src/base/invariant.h"
#include "../../src/buffer/line_buffer.h"
#include "fuzz.h"

#include <string.h>

#define SENT_MOST  ((size_t)140 * 1024) /* twice the room of a busy buffer */
#define STEPS_MOST 64                   /* each may look at all that is unread */

enum step {
    SEND,   /* n (1 byte), n bytes: a piece as recv brings it */
    RUN,    /* n (2 bytes), a byte: n times that byte in one piece */
    EXACT,  /* n (2 bytes): 2n bytes are waited for, and lines again after them */
    BODY,   /* n (1 byte): after each line, n bytes are waited for */
    LINES,  /* lines are waited for, whatever was before: a task's deadline has passed */
    SHRINK, /* a silent second */
    REST,   /* takes what is unfinished */
    STEPS,
};

struct input {
    const uint8_t *bytes;
    size_t left;
};

static size_t next_byte(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->bytes++;
}

static size_t next_number(struct input *input)
{
    size_t high = next_byte(input);

    return high * 256 + next_byte(input);
}

/* The buffer, and the reference beside it. */
struct pair {
    struct line_buffer buffer;
    size_t max_line;
    bool is_exact; /* exact bytes are waited for, not lines */
    size_t exact;
    size_t body; /* so many after each line */
    size_t sent;
    size_t taken;
    bool discards;      /* the rest of each long line is discarded */
    bool is_discarding; /* up to the next LF */
    size_t discarded;
};

static char sent_bytes[SENT_MOST];

/* The length of the line at taken; 0: there is none yet. */
static size_t reference_line(const struct pair *pair)
{
    for (size_t i = pair->taken; i < pair->sent; i++) {
        if (sent_bytes[i] == '\n' || i + 1 - pair->taken == pair->max_line)
            return i + 1 - pair->taken;
    }
    return 0;
}

static void must_be_next(struct pair *pair, const char *bytes, size_t size)
{
    INVARIANT(size <= pair->sent - pair->taken);
    INVARIANT(memcmp(bytes, sent_bytes + pair->taken, size) == 0);
    pair->taken += size;
}

/* The reference discards byte by byte. */
static void discard(struct pair *pair)
{
    while (pair->is_discarding && pair->taken < pair->sent) {
        pair->is_discarding = sent_bytes[pair->taken++] != '\n';
        pair->discarded++;
    }
}

/* False: no line is there. */
static bool take_line(struct pair *pair)
{
    discard(pair);
    size_t expected = reference_line(pair);
    const char *line;
    size_t size;
    enum line_found found = line_buffer_next(&pair->buffer, &line, &size);

    if (pair->is_discarding || expected == 0) {
        INVARIANT(found == LINE_NONE);
        return false;
    }
    bool is_whole = sent_bytes[pair->taken + expected - 1] == '\n';
    INVARIANT(found == (is_whole ? LINE_WHOLE : LINE_LONG));
    INVARIANT(size == expected);
    must_be_next(pair, line, size);
    if (found == LINE_LONG && pair->discards) {
        line_buffer_discard_rest(&pair->buffer);
        INVARIANT(memcmp(line, sent_bytes + pair->taken - size, size) == 0); /* still valid */
        pair->is_discarding = true;
        discard(pair);
    }
    return true;
}

/* False: they are not there. */
static bool take_exact(struct pair *pair)
{
    const char *bytes;
    discard(pair);
    bool is_there = !pair->is_discarding && pair->sent - pair->taken >= pair->exact;

    INVARIANT(line_buffer_exact(&pair->buffer, pair->exact, &bytes) == is_there);
    if (is_there)
        must_be_next(pair, bytes, pair->exact);
    return is_there;
}

/* Takes all that can be taken, as a connection does before it receives again. */
static void take_all(struct pair *pair)
{
    while (pair->is_exact ? take_exact(pair) : take_line(pair)) {
        pair->is_exact = !pair->is_exact && pair->body > 0;
        pair->exact = pair->body;
    }
}

static void must_be_sound(const struct pair *pair)
{
    const struct line_buffer *buffer = &pair->buffer;

    INVARIANT(buffer->begin <= buffer->scanned && buffer->scanned <= buffer->end);
    INVARIANT(buffer->end <= buffer->capacity);
    INVARIANT(line_buffer_unread(buffer) == pair->sent - pair->taken);
    INVARIANT(!line_buffer_is_enlarged(buffer) || line_buffer_unread(buffer) == 0);
    INVARIANT(buffer->discarded == pair->discarded);
    INVARIANT(buffer->is_discarding == pair->is_discarding);
}

/* One piece: copies of byte where bytes is NULL. What does not fit SENT_MOST is not sent. */
static void send(struct pair *pair, const uint8_t *bytes, size_t byte, size_t size)
{
    size = size < SENT_MOST - pair->sent ? size : SENT_MOST - pair->sent;
    if (bytes != NULL)
        memcpy(sent_bytes + pair->sent, bytes, size);
    else
        memset(sent_bytes + pair->sent, (int)byte, size);
    while (size > 0) {
        size_t room;
        char *into = line_buffer_room(&pair->buffer, &room);
        INVARIANT(into != NULL && room > 0);
        room = room < size ? room : size;
        memcpy(into, sent_bytes + pair->sent, room);
        line_buffer_filled(&pair->buffer, room);
        pair->sent += room;
        size -= room;
        take_all(pair);
    }
}

static void take_rest(struct pair *pair)
{
    const char *rest;
    size_t size;

    discard(pair);
    line_buffer_rest(&pair->buffer, &rest, &size);
    INVARIANT(size == pair->sent - pair->taken);
    must_be_next(pair, rest, size);
}

static void do_step(struct pair *pair, struct input *input)
{
    size_t size;

    switch ((enum step)(next_byte(input) % STEPS)) {
    case SEND:
        size = next_byte(input);
        size = size < input->left ? size : input->left;
        send(pair, input->bytes, 0, size);
        input->bytes += size;
        input->left -= size;
        break;
    case RUN:
        size = next_number(input);
        send(pair, NULL, next_byte(input), size);
        break;
    case EXACT:
        pair->exact = 2 * next_number(input);
        pair->is_exact = true;
        break;
    case BODY:
        pair->body = next_byte(input);
        break;
    case LINES:
        pair->is_exact = false;
        break;
    case SHRINK:
        line_buffer_shrink(&pair->buffer);
        INVARIANT(!line_buffer_is_enlarged(&pair->buffer));
        break;
    case REST:
        take_rest(pair);
        break;
    case STEPS:
        break;
    }
    take_all(pair);
    must_be_sound(pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    size_t number = next_number(&input);
    struct pair pair = {.max_line = 16 + number % 32768, .discards = number >= 32768};
    char first[LINE_BUFFER_FIRST_SIZE];

    line_buffer_init(&pair.buffer, pair.max_line, size % 2 == 0 ? first : NULL);
    for (int i = 0; i < STEPS_MOST && input.left > 0; i++)
        do_step(&pair, &input);
    line_buffer_deinit(&pair.buffer);
    return 0;
}
