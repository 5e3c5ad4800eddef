#include "dial.h"

#include "await.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DEADLINE_SECONDS 30

/* Size 0: a receive buffer as the kernel has it. */
static int dial_with(uint32_t source, uint16_t port, int size)
{
    const struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval deadline = {.tv_sec = DEADLINE_SECONDS};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline), 0);
    ck_assert_int_eq(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    if (size > 0)
        ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    if (source != INADDR_ANY)
        ck_assert_int_eq(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        ck_abort_msg("connect to port %u: %s", port, strerror(errno));
    return fd;
}

int dial(uint16_t port)
{
    return dial_with(INADDR_ANY, port, 0);
}

int dial_narrow(uint16_t port, int size)
{
    return dial_with(INADDR_ANY, port, size);
}

int dial_from(uint32_t source, uint16_t port)
{
    return dial_with(source, port, 0);
}

size_t say_what_it_takes(int fd, const void *bytes, size_t size)
{
    size_t sent = 0;

    while (sent < size) {
        ssize_t n = send(fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            break;
        if (n < 0)
            ck_abort_msg("send: %s", strerror(errno));
        sent += (size_t)n;
    }
    return sent;
}

void say_bytes(int fd, const void *bytes, size_t size)
{
    ck_assert_uint_eq(say_what_it_takes(fd, bytes, size), size);
}

void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

void stop_reading(int fd)
{
    static char lines[1024 * 1024];
    int on = 1;
    int off = 0;
    struct pollfd writable = {.fd = fd, .events = POLLOUT};

    memset(lines, '\n', sizeof lines);
    ck_assert_int_eq(ioctl(fd, FIONBIO, &on), 0);
    while (poll(&writable, 1, 300) == 1) {
        if (send(fd, lines, sizeof lines, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
            break;
    }
    ck_assert_int_eq(ioctl(fd, FIONBIO, &off), 0);
}

uint64_t acknowledged(int fd)
{
    struct {
        char before[120]; /* tcpi_bytes_acked is here since Linux 4.1; glibc's struct is older */
        uint64_t bytes_acked;
    } info = {0};
    socklen_t size = sizeof info;

    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    ck_assert_uint_eq(size, sizeof info);
    return info.bytes_acked;
}

void await_acknowledged(int fd, uint64_t bytes)
{
    AWAIT(acknowledged(fd) >= bytes);
}

/* Like recv, but only the end of file, bytes or a reset come back. */
static ssize_t receive(int fd, void *bytes, size_t size)
{
    for (;;) {
        ssize_t n = recv(fd, bytes, size, 0);
        if (n >= 0 || errno == ECONNRESET)
            return n;
        if (errno != EINTR)
            ck_abort_msg("recv: %s", errno == EAGAIN ? "nothing came in time" : strerror(errno));
    }
}

void receive_exactly(int fd, void *bytes, size_t size)
{
    size_t count = 0;

    while (count < size) {
        ssize_t n = receive(fd, (char *)bytes + count, size - count);
        if (n <= 0)
            ck_abort_msg("%s after %zu of %zu bytes", n == 0 ? "end of file" : "reset", count,
                         size);
        count += (size_t)n;
    }
}

void expect_bytes(int fd, const void *bytes, size_t size)
{
    char *received = malloc(size + 1);

    ck_assert_ptr_nonnull(received);
    receive_exactly(fd, received, size);
    if (memcmp(received, bytes, size) != 0) {
        received[size] = '\0';
        ck_abort_msg("expected \"%s\", received \"%s\"", (const char *)bytes, received);
    }
    free(received);
}

void expect(int fd, const char *text)
{
    expect_bytes(fd, text, strlen(text));
}

void expect_eof(int fd)
{
    char byte;

    ck_assert_int_eq(receive(fd, &byte, 1), 0);
}

size_t receive_rest(int fd, char *bytes, size_t size)
{
    size_t count = 0;

    for (;;) {
        char beyond;
        ssize_t n =
            count < size ? receive(fd, bytes + count, size - count) : receive(fd, &beyond, 1);
        ck_assert_msg(n >= 0, "reset after %zu bytes", count);
        if (n == 0)
            return count;
        ck_assert_msg(count < size, "more than the %zu bytes expected", size);
        count += (size_t)n;
    }
}

size_t drink(int fd)
{
    char bytes[16384];
    size_t count = 0;

    for (;;) {
        ssize_t n = receive(fd, bytes, sizeof bytes);
        if (n <= 0)
            return count;
        count += (size_t)n;
    }
}

size_t receive_until_end(int fd, char *bytes, size_t size)
{
    size_t count = 0;

    for (;;) {
        ck_assert_msg(count < size, "more than %zu bytes", size);
        ssize_t n = receive(fd, bytes + count, size - count);
        if (n <= 0)
            return count;
        count += (size_t)n;
    }
}

void half_close(int fd)
{
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
}

void hang_up(int fd)
{
    ck_assert_int_eq(close(fd), 0);
}

void hang_up_rudely(int fd)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    hang_up(fd);
}
