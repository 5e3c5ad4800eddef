#include "say.h"

#include "../invariant.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A pipe that polls as writable takes so much without waiting (PIPE_BUF, pipe(7)), and in one
 * piece. */
#define LINE_MOST 512

void say(const char *format, ...)
{
    char line[LINE_MOST] = "lined: ";
    struct pollfd standard_error = {.fd = STDERR_FILENO, .events = POLLOUT};
    size_t prefix = strlen(line);
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(line + prefix, sizeof line - prefix - 1, format, arguments);
    va_end(arguments);
    INVARIANT(size >= 0);
    size_t length = strlen(line);
    line[length++] = '\n';
    if (poll(&standard_error, 1, 0) == 1 && (standard_error.revents & POLLOUT) != 0 &&
        write(STDERR_FILENO, line, length) < 0)
        return; /* nowhere is left to say it */
}

const char *say_error(int error, char text[SAY_ERROR_SIZE])
{
    INVARIANT(strerror_r(error, text, SAY_ERROR_SIZE) == 0);
    return text;
}
