// The floor: a thread for each connection, recv and send, and nothing of a line server but what the
// replies' bytes need. It takes for granted that all lines are as long as the first and come whole,
// so it neither looks for LF nor keeps anything. What another server needs beyond this is its own.
// With --awake it never sleeps in recv: no server on a core of its own can answer one line at a
// time sooner, whatever its core costs.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 64 * 1024, PREFIX = sizeof "Received: " - 1 };

static bool is_awake;

static ssize_t receive(int fd, void *into, size_t room)
{
    ssize_t n;

    do
        n = recv(fd, into, room, is_awake ? MSG_DONTWAIT : 0);
    while (is_awake && n < 0 && errno == EAGAIN);
    return n;
}

static void *serve(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char *lines = malloc(ROOM), *replies = malloc((size_t)ROOM * 8);
    size_t size = 0, rest = 0;
    ssize_t n;

    while ((n = receive(fd, lines + rest, ROOM - rest)) > 0) {
        size_t have = rest + (size_t)n, taken = 0, used = 0;
        if (size == 0)
            size = (size_t)((char *)memchr(lines, '\n', have) - lines) + 1;
        for (; have - taken >= size; taken += size, used += PREFIX + size + 1) {
            memcpy(replies + used, "Received: ", PREFIX);
            memcpy(replies + used + PREFIX, lines + taken, size);
            replies[used + PREFIX + size] = '\n';
        }
        rest = have - taken;
        memmove(lines, lines + taken, rest);
        if (send(fd, replies, used, MSG_NOSIGNAL) < 0)
            break;
    }
    close(fd);
    free(lines);
    free(replies);
    return NULL;
}

int main(int count, char **arguments)
{
    const int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_attr_t attributes;

    is_awake = count == 2 && strcmp(arguments[1], "--awake") == 0;
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, 4096);
    getsockname(listener, (struct sockaddr *)&address, &size);
    fprintf(stderr, "floor: listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 128 * 1024);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (fd < 0 || pthread_create(&thread, &attributes, serve, (void *)(intptr_t)fd) != 0)
            close(fd);
    }
}
