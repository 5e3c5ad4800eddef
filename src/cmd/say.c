#include "say.h"

#include "../invariant.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_MOST 512

/* Set by say_init; does not change after. */
static int descriptor = STDERR_FILENO;

/* What polls as writable may be full when it is written to: the packet log goes to the same pipe
 * with 2>&1. To be non-blocking is a property of what open(2) makes, which others share with us; so
 * the pipe is opened once more. */
void say_init(void)
{
    struct stat status;

    if (fstat(STDERR_FILENO, &status) < 0 || !S_ISFIFO(status.st_mode))
        return;
    int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) /* else it is another user's pipe, or there is no /proc: poll has to do */
        descriptor = fd;
}

/* A pipe that has room takes PIPE_BUF bytes in one piece (pipe(7)); no line is longer. */
static void put_line(char *line)
{
    struct pollfd standard_error = {.fd = descriptor, .events = POLLOUT};
    char end[] = "\n";
    const struct iovec parts[] = {{.iov_base = line, .iov_len = strlen(line)},
                                  {.iov_base = end, .iov_len = 1}};

    int ready;

    do {
        ready = poll(&standard_error, 1, 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 1 && (standard_error.revents & POLLOUT) != 0 && writev(descriptor, parts, 2) < 0)
        return; /* nowhere is left to say it */
}

/* A file's name, for example, may have anything in it: the line stays one, and nothing of it is a
 * command to the terminal. */
static void hide_controls(char *line)
{
    for (; *line != '\0'; line++) {
        if ((unsigned char)*line < ' ' || *line == 0x7f)
            *line = '?';
    }
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
    hide_controls(line);
    put_line(line);
}

void say_plain(char *line)
{
    put_line(line);
}

const char *say_error(int error, char text[SAY_ERROR_SIZE])
{
    /* glibc fails with EINVAL for a number that is no errno, with text all the same; a module's
     * start may return any. */
    if (strerror_r(error, text, SAY_ERROR_SIZE) != 0)
        snprintf(text, SAY_ERROR_SIZE, "unknown error %d", error);
    return text;
}
