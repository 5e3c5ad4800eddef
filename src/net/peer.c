#define _GNU_SOURCE /* struct tcp_info: musl's needs more than _DEFAULT_SOURCE */
#include "peer.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* The peer of a Unix socket has no half-closed state of its own here: after a shutdown(2) of our
 * reading side poll(2) reports POLLRDHUP too. */
static enum peer_state unix_peer_state(int fd)
{
    struct pollfd closed = {.fd = fd};

    return poll(&closed, 1, 0) == 1 ? PEER_DEAD : PEER_OPEN; /* POLLHUP or POLLERR */
}

enum peer_state peer_state(int fd)
{
    struct tcp_info info = {.tcpi_state = TCP_CLOSE};
    socklen_t size = sizeof info;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 && errno == EOPNOTSUPP)
        return unix_peer_state(fd);
    switch (info.tcpi_state) {
    case TCP_CLOSE_WAIT:
        return PEER_HALF_CLOSED;
    case TCP_CLOSE:
        return PEER_DEAD;
    default:
        return PEER_OPEN;
    }
}

/* Does not change when the connection dies. */
static size_t unacknowledged_to_the_end(int fd)
{
    int bytes = 0;

    return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

size_t peer_unacknowledged(int fd)
{
    size_t bytes = unacknowledged_to_the_end(fd);

    return bytes == 0 || peer_state(fd) == PEER_DEAD ? 0 : bytes;
}

size_t peer_unsent(int fd)
{
    int bytes = 0;

    return ioctl(fd, SIOCOUTQNSD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

enum peer_loss peer_loss(int fd, int error)
{
    switch (error) {
    case ETIMEDOUT:
    /* Reported by routers or by the neighbour table in the meantime. */
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
        return unacknowledged_to_the_end(fd) > 0 ? PEER_LOST_UNACKNOWLEDGED : PEER_LOST;
    default:
        return PEER_NOT_LOST;
    }
}

size_t peer_readable(int fd)
{
    int bytes = 0;

    return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}
