#include "resp.h"

#include "integer.h"
#include "kv_room.h"
#include "resp_inline.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An argument is received in pieces of this size. */
#define PIECE_MAX ((size_t)64 * 1024)

/* The maximum memory that a connection keeps while it waits for its next command. */
#define KEEP_MAX ((size_t)64 * 1024)

static void set_addresses(struct resp_command *command)
{
    size_t at = 0;

    for (size_t i = 0; i < command->count; i++) {
        command->arguments[i].bytes = command->bytes + at;
        at += command->arguments[i].size;
    }
}

void resp_command_deinit(struct resp_command *command)
{
    free(command->arguments);
    free(command->bytes);
    command->arguments = NULL;
    command->bytes = NULL;
    command->count = command->room = 0;
    command->used = command->capacity = 0;
}

size_t resp_command_size(const struct resp_command *command)
{
    return command->used + command->count * sizeof *command->arguments;
}

void resp_command_shrink(struct resp_command *command)
{
    struct kv_bytes *arguments =
        realloc(command->arguments, command->count * sizeof *command->arguments);
    char *bytes = realloc(command->bytes, command->used + 1);

    if (arguments != NULL) {
        command->arguments = arguments;
        command->room = command->count;
    }
    if (bytes != NULL) {
        command->bytes = bytes;
        command->capacity = command->used + 1;
    }
    set_addresses(command);
}

bool resp_is(struct kv_bytes argument, const char *word)
{
    return argument.size == strlen(word) && strncasecmp(argument.bytes, word, argument.size) == 0;
}

bool resp_number(struct kv_bytes argument, long long *number)
{
    return integer_read(argument.bytes, argument.size, number);
}

char resp_shown(char byte)
{
    if (byte == '\r' || byte == '\n')
        return ' ';
    return isprint((unsigned char)byte) ? byte : '?';
}

/* ---- the memory of a command ---- */

static void begin(struct resp_command *command)
{
    if (command->capacity + command->room * sizeof *command->arguments > KEEP_MAX)
        resp_command_deinit(command);
    command->count = 0;
    command->used = 0;
}

static bool fits(const struct resp_reader *reader, const struct resp_command *command, size_t size)
{
    return size <= reader->max_argument &&
           resp_command_size(command) + sizeof *command->arguments + size <=
               reader->max_argument + RESP_COMMAND_MORE;
}

/* Makes room for one more argument. False: no memory. */
static bool reserve_argument(struct resp_command *command)
{
    struct kv_bytes *grown =
        kv_make_room(command->arguments, command->count, 1, &command->room, sizeof *grown);

    if (grown == NULL)
        return false;
    command->arguments = grown;
    return true;
}

/* Appends bytes behind those in use, of which there are used. False: no memory. */
static bool append(struct resp_command *command, size_t used, const char *bytes, size_t size)
{
    char *grown = kv_make_room(command->bytes, used, size + 1, &command->capacity, 1);

    if (grown == NULL)
        return false;
    memcpy(grown + used, bytes, size);
    command->bytes = grown;
    return true;
}

/* The address is set later, when the memory no longer moves. */
static void add_argument(struct resp_command *command, size_t size)
{
    command->used += size;
    command->arguments[command->count++].size = size;
}

/* ---- reading ---- */

static int fail(struct resp_reader *reader, const char *problem)
{
    snprintf(reader->problem, sizeof reader->problem, "%s", problem);
    return LINED_END;
}

/* A header without an LF is too long if more bytes follow. Otherwise it is an unfinished line,
 * which LINED_PARTIAL_DELIVER delivers. */
static int fail_unended(struct resp_reader *reader, const char *problem)
{
    const char *line;
    size_t size;

    int result = lined_recv_line(reader->conn, &line, &size);
    return result == LINED_OK ? fail(reader, problem) : result;
}

static bool is_whole(const char *line, size_t size)
{
    return line[size - 1] == '\n';
}

/* The number after the line's first byte: "*3\r\n". */
static bool header_number(const char *line, size_t size, long long *number)
{
    return size > 3 && line[size - 2] == '\r' && integer_read(line + 1, size - 3, number);
}

/* Receives an argument and its CR and LF. It comes in pieces, so that memory is only used for bytes
 * that have arrived.
 */
static int read_argument(struct resp_reader *reader, struct resp_command *command, size_t size)
{
    const char *bytes;

    if (!reserve_argument(command))
        return -ENOMEM;
    for (size_t had = 0; had < size + 2;) {
        size_t piece = size + 2 - had < PIECE_MAX ? size + 2 - had : PIECE_MAX;
        int result = lined_recv_exact(reader->conn, &bytes, piece);
        if (result != LINED_OK)
            return result;
        size_t wanted = had + piece <= size ? piece : had < size ? size - had : 0;
        if (!append(command, command->used + had, bytes, wanted))
            return -ENOMEM;
        had += piece;
    }
    add_argument(command, size);
    return LINED_OK;
}

static int read_bulk(struct resp_reader *reader, struct resp_command *command)
{
    const char *line;
    size_t size;
    long long length;

    int result = lined_recv_line(reader->conn, &line, &size);
    if (result != LINED_OK)
        return result;
    if (line[0] != '$') {
        char text[] = "expected '$', got ' '";
        text[sizeof text - 3] = resp_shown(line[0]);
        return fail(reader, text);
    }
    if (!is_whole(line, size))
        return fail_unended(reader, "too big bulk count string");
    if (!header_number(line, size, &length) || length < 0 || !fits(reader, command, (size_t)length))
        return fail(reader, "invalid bulk length");
    if (reader->is_limited && length > RESP_LIMITED_ARGUMENT_MAX)
        return fail(reader, "unauthenticated bulk length");
    return read_argument(reader, command, (size_t)length);
}

/* Puts the complete line at command->bytes. A line longer than max_line comes in pieces, and only
 * the last piece has an LF. */
static int gather_line(struct resp_reader *reader, struct resp_command *command, const char *line,
                       size_t size)
{
    for (;;) {
        if (command->used + size > reader->max_inline)
            return fail(reader, "too big inline request");
        if (!append(command, command->used, line, size))
            return -ENOMEM;
        command->used += size;
        if (is_whole(line, size))
            return LINED_OK;
        int result = lined_recv_line(reader->conn, &line, &size);
        if (result != LINED_OK)
            return result;
    }
}

/* Splits the line at command->bytes into arguments, which are written over the line. No argument is
 * longer than its notation in the line, so none reaches the rest of the line. */
static int split_line(struct resp_reader *reader, struct resp_command *command)
{
    const char *rest = command->bytes;
    const char *end = rest + command->used;
    size_t length;

    command->used = 0;
    for (;;) {
        if (!reserve_argument(command))
            return -ENOMEM;
        switch (inline_next(&rest, end, command->bytes + command->used, &length)) {
        case INLINE_WORD:
            add_argument(command, length);
            continue;
        case INLINE_END:
            return LINED_OK;
        case INLINE_UNBALANCED:
            return fail(reader, "unbalanced quotes in request");
        }
    }
}

/* A line with a NUL is not text; it may be TLS. A browser sends the session ticket of a server,
 * which can have any bytes, to the next host with the same name. But before the ticket the lengths
 * in a ClientHello have a NUL (RFC 8446, 4 and 5.1). Redis does not find the end of a line after a
 * NUL, and so does not execute such lines either. */
static int read_inline(struct resp_reader *reader, struct resp_command *command, const char *line,
                       size_t size)
{
    int result = gather_line(reader, command, line, size);

    if (result != LINED_OK)
        return result;
    if (memchr(command->bytes, '\0', command->used) != NULL)
        return fail(reader, "NUL byte in inline request");
    return split_line(reader, command);
}

static int read_array(struct resp_reader *reader, struct resp_command *command, const char *line,
                      size_t size)
{
    long long count;
    int result = LINED_OK;

    if (!is_whole(line, size))
        return fail_unended(reader, "too big mbulk count string");
    if (!header_number(line, size, &count) || count > (long long)RESP_ARGUMENTS_MAX)
        return fail(reader, "invalid multibulk length");
    if (reader->is_limited && count > RESP_LIMITED_ARGUMENTS_MAX)
        return fail(reader, "unauthenticated multibulk length");
    for (long long i = 0; i < count && result == LINED_OK; i++)
        result = read_bulk(reader, command);
    return result;
}

int resp_read(struct resp_reader *reader, struct resp_command *command)
{
    const char *line;
    size_t size;

    begin(command);
    int result = lined_recv_line(reader->conn, &line, &size);
    if (result != LINED_OK)
        return result;
    command->is_inline = line[0] != '*';
    result = command->is_inline ? read_inline(reader, command, line, size)
                                : read_array(reader, command, line, size);
    set_addresses(command);
    return result;
}
