/*
 * A client of the benches that are not lined-load's: it blocks, and ends the program at an error.
 * Include it after _GNU_SOURCE.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static inline void fail(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static inline int64_t now_ns(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0)
        fail("clock_gettime");
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline void read_all(int fd, char *into, size_t size)
{
    while (size > 0) {
        ssize_t got = recv(fd, into, size, 0);
        if (got <= 0)
            fail("a client received no answer");
        into += got;
        size -= (size_t)got;
    }
}

/* A client that the server has answered: broadcasts reach it. */
static inline int join(uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int yes = 1;
    char answer;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
        fail("send");
    read_all(fd, &answer, 1);
    return fd;
}

static inline int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static inline void sort(uint32_t *times, size_t count)
{
    qsort(times, count, sizeof *times, compare);
}

#endif
