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

/* The longest line of message_plain has 4095 characters. An LF and a level come before it, and an
 * LF after it. */
#define TEXT_SIZE (4096 + 8)

/* Set by message_init; they do not change afterwards. */
static int descriptor = STDERR_FILENO;
static bool is_socket;
static bool is_journal;     /* each line begins with a level */
static bool is_others_pipe; /* a pipe that could not be opened again */

static atomic_bool is_torn; /* the last line was written in part: the next one begins with an LF */

/* Between poll(2) and write(2) standard error may become full, or a terminal may be stopped: with
 * 2>&1 the packet log goes to the same file. O_NONBLOCK belongs to the open file description, which
 * other processes share. So the file is opened again, with O_NONBLOCK. */
static void open_once_more(bool is_pipe)
{
    int fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd >= 0)
        descriptor = fd;
    else
        is_others_pipe = is_pipe; /* it belongs to another user, or there is no /proc */
}

/* systemd sets JOURNAL_STREAM to the device and the inode of the stream to the journal
 * (systemd.exec(5)). The descriptor may have been replaced since. */
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

/* Writes without waiting. Returns how many bytes were written, or -1. For a socket a flag of
 * send(2) prevents waiting, and for a pipe RWF_NOWAIT does (Linux 6.4). For the rest, a pipe or a
 * terminal of another user, poll(2) must suffice: between poll and write another process may fill
 * it, and then the write waits. */
static ssize_t write_now(char *text, size_t size)
{
    if (is_socket)
        return send(descriptor, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (is_others_pipe) {
        const struct iovec part = {.iov_base = text, .iov_len = size};
        const long here = -1; /* the offset is passed in two halves; a pipe has no offset */
        ssize_t written = syscall(SYS_pwritev2, descriptor, &part, 1, here, here, RWF_NOWAIT);
        if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
            return written;
    }
    return is_writable() ? write(descriptor, text, size) : -1;
}

/* A pipe with room takes PIPE_BUF bytes in one piece (pipe(7)), and no line is longer. A socket or
 * a terminal may take a part. */
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

/* A file name, for example, can contain any byte. The message must stay one line, and must not
 * control the terminal. */
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
    /* glibc fails with EINVAL for a number that is not an errno, and writes a text too. A module's
     * init may return any number. */
    if (strerror_r(error, text, ERROR_TEXT_SIZE) != 0)
        snprintf(text, ERROR_TEXT_SIZE, "unknown error %d", error);
    return text;
}
