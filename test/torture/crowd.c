/* Clients of chat and kv that cost a server more than they cost themselves.
 *
 *     torture-crowd PORT members COUNT           join a chat, and read until the server ends
 *     torture-crowd PORT resets SECONDS          connect and reset, one after the other
 *     torture-crowd PORT flood BYTES             sends that much, or what is taken, in lines of one
 *                                                letter, and resets
 *     torture-crowd PORT mget TIMES              ask for one value of 1 MiB 512 times, and reset
 *     torture-crowd PORT exec TIMES              queue 50,000 commands with long replies, execute
 *                                                them, and reset when the first reply comes
 *     torture-crowd PORT expire COUNT SIZE MS    store this number of values that expire
 *
 * members prints "joined" when each has been greeted. Each prints one line at its end. */
#include "visitor.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MGET_KEYS     512u
#define EXEC_COMMANDS 50000u
#define VALUE         ((size_t)1024 * 1024)

static uint16_t port;

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "torture-crowd: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int dial(void)
{
    int fd = visitor_dial(port, 0);

    if (fd < 0)
        fail("connect");
    return fd;
}

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);

    if (memory == NULL)
        fail("calloc");
    return memory;
}

/* Returns how much the server took before the deadline of visitor_dial. */
static size_t send_some(int fd, const char *bytes, size_t size)
{
    size_t sent = 0;

    while (sent < size) {
        ssize_t more = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (more < 0)
            break;
        sent += (size_t)more;
    }
    return sent;
}

static void send_all(int fd, const char *bytes, size_t size)
{
    if (send_some(fd, bytes, size) < size)
        fail("send");
}

/* Takes replies of one line each, and maybe more. */
static void await_lines(int fd, size_t lines)
{
    char bytes[65536];

    while (lines > 0) {
        ssize_t size = recv(fd, bytes, sizeof bytes, 0);
        if (size <= 0)
            fail("recv");
        for (ssize_t i = 0; i < size; i++)
            lines -= lines > 0 && bytes[i] == '\n';
    }
}

static void reset(int fd)
{
    const struct linger at_once = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

/* ---- members ---- */

/* Receives from each member that has bytes. Returns how many of them have ended. */
static size_t read_some(struct pollfd *members, size_t count, bool *has_heard, size_t *heard)
{
    static char bytes[65536];
    size_t ended = 0;

    poll(members, count, 1000);
    for (size_t i = 0; i < count; i++) {
        if (members[i].fd < 0 || members[i].revents == 0)
            continue;
        ssize_t size = recv(members[i].fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (size > 0 && !has_heard[i]) {
            has_heard[i] = true;
            ++*heard;
        }
        if (size > 0 || (size < 0 && errno == EAGAIN))
            continue;
        close(members[i].fd);
        members[i].fd = -1;
        ended++;
    }
    return ended;
}

static void be_members(size_t count)
{
    struct pollfd *members = allocate(count * sizeof *members);
    bool *has_heard = allocate(count * sizeof *has_heard);
    size_t ended = 0, heard = 0;
    bool has_said = false;

    for (size_t i = 0; i < count; i++)
        members[i] = (struct pollfd){.fd = dial(), .events = POLLIN};
    while (ended < count) {
        ended += read_some(members, count, has_heard, &heard);
        if (heard == count && !has_said) {
            puts("joined");
            fflush(stdout);
            has_said = true;
        }
    }
    printf("members=%zu\n", count);
    free(members);
    free(has_heard);
}

/* ---- the others ---- */

static void reset_for(long seconds)
{
    time_t end = time(NULL) + seconds;
    size_t resets = 0;

    for (; time(NULL) < end; resets++)
        reset(dial());
    printf("resets=%zu\n", resets);
}

static void flood(size_t size)
{
    char *lines = allocate(size);
    int fd = dial();

    for (size_t i = 0; i < size; i++)
        lines[i] = i % 2 == 0 ? 'x' : '\n';
    size = send_some(fd, lines, size);
    reset(fd);
    printf("flooded=%zu\n", size);
    free(lines);
}

static void store(int fd, const char *key, const char *value, size_t size, long ms)
{
    char head[256];
    int length = snprintf(head, sizeof head, "*%d\r\n$3\r\nSET\r\n$%zu\r\n%s\r\n$%zu\r\n",
                          ms > 0 ? 5 : 3, strlen(key), key, size);

    send_all(fd, head, (size_t)length);
    send_all(fd, value, size);
    length = snprintf(head, sizeof head, "\r\n");
    if (ms > 0)
        length += snprintf(head + length, sizeof head - (size_t)length,
                           "$2\r\nPX\r\n$%d\r\n%ld\r\n", snprintf(NULL, 0, "%ld", ms), ms);
    send_all(fd, head, (size_t)length);
}

static void ask_for_much(long times)
{
    static const char key[] = "$1\r\nk\r\n";
    char *value = allocate(VALUE);
    char *command = allocate(64 + MGET_KEYS * (sizeof key - 1));
    int fd = dial();

    store(fd, "k", value, VALUE, 0);
    await_lines(fd, 1);
    close(fd);
    size_t size = (size_t)sprintf(command, "*%u\r\n$4\r\nMGET\r\n", MGET_KEYS + 1);
    for (unsigned i = 0; i < MGET_KEYS; i++, size += sizeof key - 1)
        memcpy(command + size, key, sizeof key - 1);
    for (long i = 0; i < times; i++) {
        fd = dial();
        send_all(fd, command, size);
        reset(fd);
    }
    printf("asked=%ld\n", times);
    free(command);
    free(value);
}

/* The replies to EXEC are some 200 MB. */
static void execute_much(long times)
{
    char *commands = allocate(EXEC_COMMANDS * 8 + 64);
    size_t size = (size_t)sprintf(commands, "MULTI\n");

    for (unsigned i = 0; i < EXEC_COMMANDS; i++)
        size += (size_t)sprintf(commands + size, "COMMAND\n");
    size += (size_t)sprintf(commands + size, "EXEC\n");
    for (long i = 0; i < times; i++) {
        int fd = dial();
        send_all(fd, commands, size);
        await_lines(fd, EXEC_COMMANDS + 2); /* with the first of EXEC */
        reset(fd);
    }
    printf("executed=%ld\n", times);
    free(commands);
}

static void expire(size_t count, size_t size, long ms)
{
    char *value = allocate(size + 1);
    char key[32];
    int fd = dial();

    for (size_t i = 0, waiting = 0; i < count; i++) {
        snprintf(key, sizeof key, "key:%zu", i);
        store(fd, key, value, size, ms);
        if (++waiting == 1000 || i + 1 == count) {
            await_lines(fd, waiting);
            waiting = 0;
        }
    }
    printf("stored=%zu\n", count);
    close(fd);
    free(value);
}

int main(int argc, char **argv)
{
    long numbers[3] = {0};
    const char *what = argc < 4 ? "" : argv[2];

    for (int i = 3; i < argc && i < 6; i++)
        numbers[i - 3] = strtol(argv[i], NULL, 10);
    if (argc >= 4)
        port = (uint16_t)strtoul(argv[1], NULL, 10);
    if (strcmp(what, "members") == 0)
        be_members((size_t)numbers[0]);
    else if (strcmp(what, "resets") == 0)
        reset_for(numbers[0]);
    else if (strcmp(what, "flood") == 0)
        flood((size_t)numbers[0]);
    else if (strcmp(what, "mget") == 0)
        ask_for_much(numbers[0]);
    else if (strcmp(what, "exec") == 0)
        execute_much(numbers[0]);
    else if (strcmp(what, "expire") == 0 && argc == 6)
        expire((size_t)numbers[0], (size_t)numbers[1], numbers[2]);
    else
        return fputs("usage: torture-crowd PORT members|resets|flood|mget|exec|expire NUMBER...\n",
                     stderr),
               2;
    return 0;
}
