/* Sending texts: lined_puts and lined_printf. */
#include "lined.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int lined_puts(lined_conn *conn, const char *text)
{
    return lined_send(conn, text, strlen(text));
}

/* A text that did not fit into the room on the stack. */
static int print_long(lined_conn *conn, size_t size, const char *format, va_list arguments)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        return -ENOMEM;
    int length = vsnprintf(text, size + 1, format, arguments);
    int result = length < 0 ? -errno : lined_send(conn, text, (size_t)length);
    free(text);
    return result;
}

int lined_printf(lined_conn *conn, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_list again;

    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(text, sizeof text, format, arguments);
    int result = LINED_OK;
    if (length < 0)
        result = -errno;
    else if ((size_t)length < sizeof text)
        result = lined_send(conn, text, (size_t)length);
    else
        result = print_long(conn, (size_t)length, format, again);
    va_end(again);
    va_end(arguments);
    return result;
}
