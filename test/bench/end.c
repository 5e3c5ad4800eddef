/*
 * How long it takes until a silent client is disconnected that another client has the server end
 * (lined_end): end PORT PID COUNT.
 *
 * The time is from the request of the other client to the end of file, which follows the farewell.
 * Before, the two sides exchange lines, so that the client's kernel delays its acknowledgements.
 * Prints a line like those of lined-load --csv: the median, the 99th percentile and the maximum, in
 * microseconds, of COUNT clients.
 */
#define _GNU_SOURCE
#include "client.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT_MAX 100000
#define EXCHANGES 10

static void exchange(int fd)
{
    char answer;

    if (send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
        fail("send");
    read_all(fd, &answer, 1);
}

static uint32_t end_one(uint16_t port, int other)
{
    static const char farewell[] = "bye\n";
    char received[sizeof farewell - 1];
    char rest;
    int fd = join(port);

    for (int i = 0; i < EXCHANGES; i++)
        exchange(fd);
    int64_t began = now_ns(CLOCK_MONOTONIC);
    if (send(other, "end\n", 4, MSG_NOSIGNAL) != 4)
        fail("send");
    read_all(fd, received, sizeof received);
    if (memcmp(received, farewell, sizeof received) != 0 || recv(fd, &rest, 1, 0) != 0)
        fail("the farewell, or the end of file after it");
    uint32_t us = (uint32_t)((now_ns(CLOCK_MONOTONIC) - began) / 1000);
    close(fd);
    return us;
}

int main(int argc, char **argv)
{
    static uint32_t times_us[COUNT_MAX];
    long count = argc == 4 ? atol(argv[3]) : 0;

    if (count < 1 || count > COUNT_MAX) {
        fprintf(stderr, "usage: end PORT PID COUNT, with COUNT from 1 to %d\n", COUNT_MAX);
        return 2;
    }
    uint16_t port = (uint16_t)atoi(argv[1]);
    int other = join(port);
    for (long i = 0; i < count; i++)
        times_us[i] = end_one(port, other);
    sort(times_us, (size_t)count);
    printf("%ld,1,4,0,%u,%u,0,0,0,%u\n", count, times_us[count / 2], times_us[count * 99 / 100],
           times_us[count - 1]);
    return 0;
}
