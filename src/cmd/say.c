#include "say.h"

#include "../invariant.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_MOST 512

/* A pipe that polls as writable takes PIPE_BUF bytes without waiting, and in one piece (pipe(7));
 * no line is longer. */
static void put_line(char *line)
{
    struct pollfd standard_error = {.fd = STDERR_FILENO, .events = POLLOUT};
    char end[] = "\n";
    const struct iovec parts[] = {{.iov_base = line, .iov_len = strlen(line)},
                                  {.iov_base = end, .iov_len = 1}};

    int ready;

    do {
        ready = poll(&standard_error, 1, 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 1 && (standard_error.revents & POLLOUT) != 0 &&
        writev(STDERR_FILENO, parts, 2) < 0)
        return; /* nowhere is left to say it */
}

void say(const char *format, ...)
{
    char line[LINE_MOST] = "lined: ";
    size_t prefix = strlen(line);
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(line + prefix, sizeof line - prefix, format, arguments);
    va_end(arguments);
    INVARIANT(size >= 0);
    put_line(line);
}

void say_plain(char *line)
{
    put_line(line);
}

const char *say_error(int error, char text[SAY_ERROR_SIZE])
{
    INVARIANT(strerror_r(error, text, SAY_ERROR_SIZE) == 0);
    return text;
}
