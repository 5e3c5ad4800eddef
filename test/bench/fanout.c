/*
 * A load of one publisher and many subscribers: fanout PORT PID SUBSCRIBERS WINDOW SECONDS.
 *
 * The publisher sends WINDOW lines of 64 bytes, and the next ones when all subscribers have
 * received these. Every byte is compared. Prints a line like those of lined-load --csv: the
 * deliveries per second, the median time of a window in microseconds, and the CPU time of the
 * server, process PID, in microseconds for each delivery.
 *
 * The server passes each line on to all other clients, and answers an empty line with an empty one.
 */
#define _GNU_SOURCE
#include "client.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#define LINE_SIZE  64
#define WINDOW_MAX 256
#define WARM_UP    20      /* windows before the measurement */
#define WINDOWS    1000000 /* at most; their times are kept */

static char lines[WINDOW_MAX * LINE_SIZE]; /* of the window that is in flight */
static size_t window_size;

struct subscriber {
    int fd;
    size_t received; /* of this window */
};

/* Receives what is there, and compares it. True: the window is complete. */
static int receive(struct subscriber *subscriber)
{
    char bytes[sizeof lines];
    ssize_t got = recv(subscriber->fd, bytes, window_size - subscriber->received, MSG_DONTWAIT);

    if (got < 0 && errno == EAGAIN)
        return 0;
    if (got <= 0)
        fail("a subscriber was disconnected");
    if (memcmp(bytes, lines + subscriber->received, (size_t)got) != 0) {
        errno = EBADMSG;
        fail("a subscriber received other bytes");
    }
    subscriber->received += (size_t)got;
    return subscriber->received == window_size;
}

/* Sends the lines of a window, and waits until all subscribers have them. */
static void send_window(int publisher, int epoll, struct subscriber *subscribers, size_t count,
                        uint64_t number)
{
    size_t left = count;

    for (size_t i = 0; i < window_size / LINE_SIZE; i++) {
        char text[LINE_SIZE + 1];
        snprintf(text, sizeof text, "%0*llu\n", LINE_SIZE - 1,
                 (unsigned long long)(number * WINDOW_MAX + i));
        memcpy(lines + i * LINE_SIZE, text, LINE_SIZE);
    }
    for (size_t i = 0; i < count; i++)
        subscribers[i].received = 0;
    if (send(publisher, lines, window_size, MSG_NOSIGNAL) != (ssize_t)window_size)
        fail("send");
    while (left > 0) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, 30000);
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready <= 0)
            fail("the subscribers wait");
        for (int i = 0; i < ready; i++)
            left -= (size_t)receive(&subscribers[events[i].data.u32]);
    }
}

int main(int argc, char **argv)
{
    static uint32_t times_us[WINDOWS];
    struct rlimit files;
    clockid_t server_cpu;

    if (argc != 6) {
        fputs("usage: fanout PORT PID SUBSCRIBERS WINDOW SECONDS\n", stderr);
        return 2;
    }
    uint16_t port = (uint16_t)atoi(argv[1]);
    size_t count = (size_t)atol(argv[3]);
    size_t window = (size_t)atol(argv[4]);
    double seconds = atof(argv[5]);
    if (window < 1 || window > WINDOW_MAX || count < 1) {
        fprintf(stderr, "fanout: WINDOW must be from 1 to %d, SUBSCRIBERS above 0\n", WINDOW_MAX);
        return 2;
    }
    window_size = window * LINE_SIZE;
    errno = clock_getcpuclockid(atoi(argv[2]), &server_cpu);
    if (errno != 0)
        fail("the server's CPU clock");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct subscriber *subscribers = calloc(count, sizeof *subscribers);
    if (epoll < 0 || subscribers == NULL)
        fail("memory");
    for (uint32_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
        subscribers[i].fd = join(port);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, subscribers[i].fd, &event) != 0)
            fail("epoll_ctl");
    }
    int publisher = join(port);

    uint64_t number = 0;
    while (number < WARM_UP)
        send_window(publisher, epoll, subscribers, count, number++);
    size_t windows = 0;
    int64_t began = now_ns(CLOCK_MONOTONIC);
    int64_t began_cpu = now_ns(server_cpu);
    int64_t now = began;
    while (windows < WINDOWS && (double)(now - began) < seconds * 1e9) {
        int64_t before = now;
        send_window(publisher, epoll, subscribers, count, number++);
        now = now_ns(CLOCK_MONOTONIC);
        times_us[windows++] = (uint32_t)((now - before) / 1000);
    }
    int64_t cpu = now_ns(server_cpu) - began_cpu;
    double deliveries = (double)windows * (double)window * (double)count;
    sort(times_us, windows);
    printf("%zu,%zu,%d,%.0f,%u,%u,0,%.3f,0\n", count, window, LINE_SIZE,
           deliveries / ((double)(now - began) / 1e9), times_us[windows / 2],
           times_us[windows * 99 / 100], (double)cpu / 1e3 / deliveries);
    return 0;
}
