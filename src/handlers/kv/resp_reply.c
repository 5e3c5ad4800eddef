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

int resp_send_null(lined_conn *conn)
{
    return send_number_line(conn, '$', -1);
}

int resp_send_array(lined_conn *conn, size_t count)
{
    return send_number_line(conn, '*', (long long)count);
}
