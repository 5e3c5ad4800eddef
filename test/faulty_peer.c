#include "faulty_peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MOST 1460

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the client has gone */
        bytes += n;
        size -= (size_t)n;
    }
}

/* Answers one line. False: the connection is to be closed. */
static bool answer(struct faulty_peer *peer, int fd, uint32_t number, const char *line, size_t size)
{
    char reply[LINE_MOST + 16];
    size_t length = (size_t)snprintf(reply, sizeof reply, "Received: %.*s\n", (int)size, line);
    enum fault fault = number == peer->line ? peer->fault : FAULT_NONE;
    int waiting = 0;

    if (number == peer->line)
        sem_post(&peer->reached);
    if ((peer->fault == FAULT_SILENT && number >= peer->line) || fault == FAULT_LOST)
        return true;
    if (fault == FAULT_CLOSE)
        return false;
    if (fault == FAULT_BYTE)
        reply[length - 3] ^= 1;
    if (fault == FAULT_STALL) {
        poll(NULL, 0, FAULTY_PEER_STALL_MS);
        ioctl(fd, FIONREAD, &waiting);
        peer->waiting_bytes = (size_t)waiting;
    }
    if (fault == FAULT_TWICE) {
        char twice[2 * sizeof reply];
        memcpy(twice, reply, length);
        memcpy(twice + length, reply, length);
        send_all(fd, twice, 2 * length); /* in one piece, so that they come together */
    } else {
        send_all(fd, reply, length);
    }
    return fault != FAULT_CLOSE_IDLE;
}

static void serve(struct faulty_peer *peer, int fd)
{
    char received[LINE_MOST];
    size_t size = 0;
    uint32_t number = 0;

    for (;;) {
        ssize_t n = recv(fd, received + size, sizeof received - size, 0);
        if (n <= 0)
            break;
        size += (size_t)n;
        const char *begin = received;
        const char *lf;
        while ((lf = memchr(begin, '\n', size)) != NULL) {
            size_t length = (size_t)(lf + 1 - begin);
            if (!answer(peer, fd, ++number, begin, length))
                return;
            begin += length;
            size -= length;
        }
        memmove(received, begin, size);
    }
    if (peer->fault == FAULT_LATE_REPLY)
        send_all(fd, "Received: late\n\n", 16);
}

static void *run(void *context)
{
    struct faulty_peer *peer = context;
    const int on = 1;

    for (;;) {
        int fd = accept(peer->listener, NULL, NULL);
        if (fd < 0)
            return NULL; /* faulty_peer_stop */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        serve(peer, fd);
        close(fd);
    }
}

void faulty_peer_start(struct faulty_peer *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    if (peer->line == 0)
        peer->line = FAULTY_PEER_LINE;
    ck_assert_int_eq(sem_init(&peer->reached, 0, 0), 0);
    peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(peer->listener, 0);
    ck_assert_int_eq(bind(peer->listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(peer->listener, 100), 0);
    ck_assert_int_eq(getsockname(peer->listener, (struct sockaddr *)&address, &size), 0);
    peer->port = ntohs(address.sin_port);
    ck_assert_int_eq(pthread_create(&peer->thread, NULL, run, peer), 0);
}

void faulty_peer_stop(struct faulty_peer *peer)
{
    ck_assert_int_eq(shutdown(peer->listener, SHUT_RDWR), 0);
    ck_assert_int_eq(pthread_join(peer->thread, NULL), 0);
    close(peer->listener);
    sem_destroy(&peer->reached);
}
