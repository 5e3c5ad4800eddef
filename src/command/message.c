#define _DEFAULT_SOURCE /* syscall; with _GNU_SOURCE strerror_r would be another one */
#include "message.h"

#include "base/invariant.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h> /* RWF_NOWAIT */
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_MOST 512

/* The longest line of message_plain has 4095 characters; before it an LF and a level, behind it an
 * LF.
 */
#define TEXT_SIZE (4096 + 8)

/* Set by message_init; these do not change after. */
static int descriptor = STDERR_FILENO;
static bool is_socket;
static bool is_journal;     /* it reads a level before each line */
static bool is_others_pipe; /* one that could not be opened once more */

static atomic_bool is_torn; /* the last line was taken in part: the next one begins with an LF */

/* What polls as writable may be full when it is written to, or a terminal may be stopped by then:
 * the packet log goes to the same one with 2>&1. To be non-blocking is a property of what open(2)
 * makes, which others share with us; so it is opened once more. */
static void open_once_more(bool is_pipe)
{
    int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0)
        descriptor = fd;
    else
        is_others_pipe = is_pipe; /* another user's, or there is no /proc */
}

/* systemd tells the device and the inode of what it has connected to the journal (systemd.exec(5)).
 * The descriptor may have been replaced since. */
static bool is_stream_of_journal(const struct stat *status)
{
    char stream[64];
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
    const char *variable = getenv("JOURNAL_STREAM");

    snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)status->st_dev,
             (uintmax_t)status->st_ino);
    return variable != NULL && strcmp(variable, stream) == 0;
}

void message_init(void)
{
    struct stat status;

    if (fstat(STDERR_FILENO, &status) < 0)
        return;
    is_socket = S_ISSOCK(status.st_mode);
    is_journal = is_stream_of_journal(&status);
    if (S_ISFIFO(status.st_mode) || isatty(STDERR_FILENO))
        open_once_more(S_ISFIFO(status.st_mode));
}

static bool is_writable(void)
{
    struct pollfd standard_error = {.fd = descriptor, .events = POLLOUT};
    int ready;

    do {
        ready = poll(&standard_error, 1, 0);
    } while (ready < 0 && errno == EINTR);
    return ready == 1 && (standard_error.revents & POLLOUT) != 0;
}

/* Writes what is taken without a wait; returns how much that is, or -1. A socket is asked for that
 * with each call (send(2)), and a pipe can be where the kernel knows it (RWF_NOWAIT, Linux 6.4).
 * For what is left, another user's pipe or terminal, poll has to do: between it and the write
 * another process may fill it. */
static ssize_t write_now(char *text, size_t size)
{
    if (is_socket)
        return send(descriptor, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (is_others_pipe) {
        const struct iovec part = {.iov_base = text, .iov_len = size};
        const long here = -1; /* twice, for it is in two halves; a pipe has no other place */
        ssize_t written = syscall(SYS_pwritev2, descriptor, &part, 1, here, here, RWF_NOWAIT);
        if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
            return written;
    }
    return is_writable() ? write(descriptor, text, size) : -1;
}

/* A pipe that has room takes PIPE_BUF bytes in one piece (pipe(7)), and no line is longer; a
 * connected socket or a terminal may take a part. */
static void put_line(enum message_level level, const char *line)
{
    char text[TEXT_SIZE];
    char prefix[8] = "";
    bool was_torn = atomic_exchange(&is_torn, false);

    if (is_journal)
        snprintf(prefix, sizeof prefix, "<%d>", (int)level);
    int size = snprintf(text, sizeof text, "%s%s%s\n", was_torn ? "\n" : "", prefix, line);
    INVARIANT(size > 0 && (size_t)size < sizeof text);
    ssize_t written = write_now(text, (size_t)size);
    if (written <= 0 ? was_torn : written < size)
        atomic_store(&is_torn, true);
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

void message(enum message_level level, const char *format, ...)
{
    char line[LINE_MOST] = "lined: ";
    size_t prefix = strlen(line);
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(line + prefix, sizeof line - prefix, format, arguments);
    va_end(arguments);
    INVARIANT(size >= 0);
    hide_controls(line);
    put_line(level, line);
}

void message_plain(enum message_level level, char *line)
{
    put_line(level, line);
}

const char *error_text(int error, char text[ERROR_TEXT_SIZE])
{
    /* glibc fails with EINVAL for a number that is no errno, with text all the same; a module's
     * start may return any. */
    if (strerror_r(error, text, ERROR_TEXT_SIZE) != 0)
        snprintf(text, ERROR_TEXT_SIZE, "unknown error %d", error);
    return text;
}
