#include "resp_reply.h"

#include "integer.h"

#include <string.h>

static int send_line(lined_conn *conn, char type, const char *text)
{
    int result = lined_send(conn, &type, 1);

    if (result == LINED_OK)
        result = lined_send(conn, text, strlen(text));
    if (result == LINED_OK)
        result = lined_send(conn, "\r\n", 2);
    return result;
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
    char text[1 + INTEGER_MOST + 2] = {type};
    size_t size = 1 + integer_write(number, text + 1);

    text[size++] = '\r';
    text[size++] = '\n';
    return lined_send(conn, text, size);
}

int resp_send_number(lined_conn *conn, long long number)
{
    return send_number_line(conn, ':', number);
}

int resp_send_bulk(lined_conn *conn, const char *bytes, size_t size)
{
    int result = send_number_line(conn, '$', (long long)size);

    if (result == LINED_OK)
        result = lined_send(conn, bytes, size);
    if (result == LINED_OK)
        result = lined_send(conn, "\r\n", 2);
    return result;
}

int resp_send_text(lined_conn *conn, const char *text)
{
    return resp_send_bulk(conn, text, strlen(text));
}

int resp_send_null(lined_conn *conn, int protocol)
{
    return protocol == 3 ? lined_send(conn, "_\r\n", 3) : send_number_line(conn, '$', -1);
}

int resp_send_array(lined_conn *conn, size_t count)
{
    return send_number_line(conn, '*', (long long)count);
}

int resp_send_map(lined_conn *conn, int protocol, size_t count)
{
    return protocol == 3 ? send_number_line(conn, '%', (long long)count)
                         : resp_send_array(conn, 2 * count);
}

int resp_send_set(lined_conn *conn, int protocol, size_t count)
{
    return send_number_line(conn, protocol == 3 ? '~' : '*', (long long)count);
}

/* The size includes the format, which is plain text. */
int resp_send_verbatim(lined_conn *conn, int protocol, const char *text, size_t size)
{
    static const char format[] = "txt:";
    size_t format_size = sizeof format - 1;

    if (protocol != 3)
        return resp_send_bulk(conn, text, size);
    int result = send_number_line(conn, '=', (long long)(format_size + size));
    if (result == LINED_OK)
        result = lined_send(conn, format, format_size);
    if (result == LINED_OK)
        result = lined_send(conn, text, size);
    if (result == LINED_OK)
        result = lined_send(conn, "\r\n", 2);
    return result;
}
