#include "resp.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct resp_command *resp_command_new(void)
{
    return calloc(1, sizeof(struct resp_command));
}

void resp_command_free(struct resp_command *command)
{
    free(command->bytes);
    free(command);
}

bool resp_is(const struct resp_argument *argument, const char *word)
{
    return argument->size == strlen(word) &&
           strncasecmp(argument->bytes, word, argument->size) == 0;
}

bool resp_number(const struct resp_argument *argument, long long *number)
{
    char digits[24];
    char *end;

    if (argument->size == 0 || argument->size >= sizeof digits)
        return false;
    memcpy(digits, argument->bytes, argument->size);
    digits[argument->size] = '\0';
    if (!isdigit((unsigned char)digits[digits[0] == '-']) ||
        (digits[0] == '0' && digits[1] != '\0'))
        return false; /* as Redis: no +, no spaces, no leading zeros */
    errno = 0;
    *number = strtoll(digits, &end, 10);
    return errno == 0 && *end == '\0';
}

/* ---- reading ---- */

static int fail_protocol(lined_conn *conn, const char *what)
{
    char text[128];

    snprintf(text, sizeof text, "ERR Protocol error: %s", what);
    resp_send_error(conn, text);
    return LINED_END;
}

/* Adds the bytes of one argument. Its address is set later, when the buffer grows no more. */
static int add_argument(struct resp_command *command, const char *bytes, size_t size)
{
    if (command->capacity - command->used < size) {
        size_t capacity = (command->used + size) * 2;
        char *grown = realloc(command->bytes, capacity);
        if (grown == NULL)
            return -ENOMEM;
        command->bytes = grown;
        command->capacity = capacity;
    }
    if (size > 0)
        memcpy(command->bytes + command->used, bytes, size);
    command->used += size;
    command->arguments[command->count++].size = size;
    return LINED_OK;
}

static void set_addresses(struct resp_command *command)
{
    const char *at = command->bytes;

    for (size_t i = 0; i < command->count; i++) {
        command->arguments[i].bytes = at != NULL ? at : "";
        at += command->arguments[i].size;
    }
}

/* The number after the line's first byte: "*3\r\n". */
static bool header_number(const char *line, size_t size, long long *number)
{
    struct resp_argument digits = {line + 1, size - 1};

    while (digits.size > 0 &&
           (digits.bytes[digits.size - 1] == '\n' || digits.bytes[digits.size - 1] == '\r'))
        digits.size--;
    return resp_number(&digits, number);
}

static int read_bulk(lined_conn *conn, struct resp_command *command)
{
    const char *line;
    size_t size;
    long long length;
    char text[64];

    int result = lined_recv_line(conn, &line, &size);
    if (result != LINED_OK)
        return result;
    if (line[0] != '$') {
        snprintf(text, sizeof text, "expected '$', got '%c'",
                 isprint((unsigned char)line[0]) ? line[0] : '?');
        return fail_protocol(conn, text);
    }
    if (!header_number(line, size, &length) || length < 0 ||
        length > (long long)RESP_ARGUMENT_MOST ||
        command->used + (size_t)length > RESP_COMMAND_MOST)
        return fail_protocol(conn, "invalid bulk length");
    const char *bytes;
    result = lined_recv_exact(conn, &bytes, (size_t)length + 2); /* CR and LF */
    return result == LINED_OK ? add_argument(command, bytes, (size_t)length) : result;
}

/* Words between blanks. Redis knows quotes here as well. */
static int read_inline(lined_conn *conn, struct resp_command *command, const char *line,
                       size_t size)
{
    char word[1460];

    if (line[size - 1] != '\n')
        return fail_protocol(conn, "too big inline request");
    for (size_t i = 0; i < size;) {
        char quote = 0;
        size_t length = 0;
        while (i < size && isspace((unsigned char)line[i]))
            i++;
        if (i == size)
            break;
        for (; i < size && (quote != 0 || !isspace((unsigned char)line[i])); i++) {
            if (quote == 0 && (line[i] == '"' || line[i] == '\''))
                quote = line[i];
            else if (line[i] == quote)
                quote = 0;
            else if (length < sizeof word)
                word[length++] = line[i];
        }
        if (quote != 0)
            return fail_protocol(conn, "unbalanced quotes in request");
        if (command->count == RESP_ARGUMENTS_MOST)
            return fail_protocol(conn, "too big inline request");
        int failed = add_argument(command, word, length);
        if (failed != LINED_OK)
            return failed;
    }
    set_addresses(command);
    return LINED_OK;
}

int resp_read(lined_conn *conn, struct resp_command *command)
{
    const char *line;
    size_t size;
    long long count;

    command->count = 0;
    command->used = 0;
    int result = lined_recv_line(conn, &line, &size);
    if (result != LINED_OK)
        return result;
    if (line[0] != '*')
        return read_inline(conn, command, line, size);
    if (!header_number(line, size, &count) || count > RESP_ARGUMENTS_MOST)
        return fail_protocol(conn, "invalid multibulk length");
    for (long long i = 0; i < count && result == LINED_OK; i++)
        result = read_bulk(conn, command);
    set_addresses(command);
    return result;
}

/* ---- replies ---- */

static int send_line(lined_conn *conn, char type, const char *text)
{
    lined_send(conn, &type, 1);
    lined_send(conn, text, strlen(text));
    return lined_send(conn, "\r\n", 2);
}

int resp_send_simple(lined_conn *conn, const char *text)
{
    return send_line(conn, '+', text);
}

int resp_send_error(lined_conn *conn, const char *text)
{
    return send_line(conn, '-', text);
}

static int send_number_line(lined_conn *conn, char type, long long number)
{
    char text[32];

    int size = snprintf(text, sizeof text, "%c%lld\r\n", type, number);
    return lined_send(conn, text, (size_t)size);
}

int resp_send_number(lined_conn *conn, long long number)
{
    return send_number_line(conn, ':', number);
}

int resp_send_bulk(lined_conn *conn, const char *bytes, size_t size)
{
    send_number_line(conn, '$', (long long)size);
    lined_send(conn, bytes, size);
    return lined_send(conn, "\r\n", 2);
}

int resp_send_null(lined_conn *conn)
{
    return send_number_line(conn, '$', -1);
}

int resp_send_array(lined_conn *conn, size_t count)
{
    return send_number_line(conn, '*', (long long)count);
}
