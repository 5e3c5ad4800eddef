/* A good client beside hostile ones: it sends a line, waits for the reply, and sends it again.
 *
 *     torture-probe PORT SECONDS LINE REPLY
 *
 * Lines that are not the reply, such as what others say in a chat, are passed over. Prints one
 * line: how many replies came, and how long they took. Exit status 1 if one did not come in 30
 * seconds. */
#include "visitor.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TAKES_MAX  1000000u
#define TIMEOUT_MS 30000

static char received[65536];
static size_t begin, end;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int fail(const char *what)
{
    fprintf(stderr, "torture-probe: %s\n", what);
    exit(1);
}

/* Moves what is unread to the front, and receives more behind it. */
static void receive(int fd, int64_t deadline_us)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int64_t left_ms = (deadline_us - now_us()) / 1000;

    memmove(received, received + begin, end - begin);
    end -= begin;
    begin = 0;
    if (left_ms <= 0 || poll(&readable, 1, (int)left_ms) <= 0)
        fail("no reply in 30 seconds");
    ssize_t size = recv(fd, received + end, sizeof received - end, 0);
    if (size <= 0)
        fail(size == 0 ? "end of file" : strerror(errno));
    end += (size_t)size;
}

/* Takes the next line, without its line end. */
static bool take_line(const char **line, size_t *size)
{
    char *lf = memchr(received + begin, '\n', end - begin);

    if (lf == NULL) {
        if (end - begin == sizeof received)
            fail("a line without an end");
        return false;
    }
    *line = received + begin;
    *size = (size_t)(lf - *line);
    *size -= *size > 0 && (*line)[*size - 1] == '\r';
    begin = (size_t)(lf - received) + 1;
    return true;
}

static void await_reply(int fd, const char *reply, int64_t deadline_us)
{
    const char *line;
    size_t size;

    for (;;) {
        while (take_line(&line, &size)) {
            if (size == strlen(reply) && memcmp(line, reply, size) == 0)
                return;
        }
        receive(fd, deadline_us);
    }
}

static int compare(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fputs("usage: torture-probe PORT SECONDS LINE REPLY\n", stderr);
        return 2;
    }
    int fd = visitor_dial((uint16_t)strtoul(argv[1], NULL, 10), 0);
    int64_t until = now_us() + strtol(argv[2], NULL, 10) * 1000000;
    int64_t *took = calloc(TAKES_MAX, sizeof *took);
    size_t count = 0;
    char line[1024];
    int size = snprintf(line, sizeof line, "%s\r\n", argv[3]);

    if (fd < 0)
        fail(strerror(errno));
    if (took == NULL || size < 0 || (size_t)size >= sizeof line)
        fail("no memory, or too long a line");
    while (count == 0 || (now_us() < until && count < TAKES_MAX)) {
        int64_t sent = now_us();
        if (send(fd, line, (size_t)size, MSG_NOSIGNAL) != size)
            fail(strerror(errno));
        await_reply(fd, argv[4], sent + TIMEOUT_MS * INT64_C(1000));
        took[count++] = now_us() - sent;
    }
    qsort(took, count, sizeof *took, compare);
    printf("replies=%zu p50_us=%" PRId64 " p99_us=%" PRId64 " max_us=%" PRId64 "\n", count,
           took[count / 2], took[count - 1 - count / 100], took[count - 1]);
    free(took);
    close(fd);
    return 0;
}
