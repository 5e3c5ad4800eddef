#define _GNU_SOURCE /* accept4 */
#include "listener.h"

#include "base/invariant.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* The kernel's user timeout counts from the first retransmission, at least 200 ms after the first
 * transmission. So it is set to this much less. */
#define USER_TIMEOUT_AHEAD_MS 100u

/* The kernel's maximum of TCP_KEEPIDLE. */
#define KEEPALIVE_MAX_S 32767u

static int set_number(int fd, int level, int option, uint32_t value)
{
    int number = (int)value;

    return setsockopt(fd, level, option, &number, sizeof number) < 0 ? -errno : 0;
}

/* Lets the kernel give up a peer that has vanished. If bytes are not acknowledged, the user timeout
 * does it. If none are in flight, the kernel sends a probe each second after three quarters of the
 * time, because its timers are coarse; the user timeout, instead of a number of probes, says when
 * to give up (tcp(7)). A peer that is alive answers the first probe. */
static int give_up_after(int fd, uint32_t ms)
{
    uint32_t ahead = ms / 8 < USER_TIMEOUT_AHEAD_MS ? ms / 8 : USER_TIMEOUT_AHEAD_MS;
    uint32_t silence = ms / 4 * 3 / 1000;
    int failed;

    silence = silence < 1 ? 1 : silence;
    silence = silence > KEEPALIVE_MAX_S ? KEEPALIVE_MAX_S : silence;
    if ((failed = set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, ms - ahead)) < 0 ||
        (failed = set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, silence)) < 0 ||
        (failed = set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1)) < 0)
        return failed;
    return set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static int prepare_listener(int fd, const union net_address *address, int backlog,
                            uint32_t give_up_ms)
{
    const int on = 1;
    socklen_t size = address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;

    /* SO_REUSEADDR: connections of an earlier server in TIME-WAIT do not keep the port (socket(7)).
     */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) < 0)
        return -errno;
    int failed = give_up_ms == 0 ? 0 : give_up_after(fd, give_up_ms);
    if (failed < 0)
        return failed;
    return bind(fd, &address->any, size) < 0 || listen(fd, backlog) < 0 ? -errno : 0;
}

int listener_open(const union net_address *address, int backlog, uint32_t give_up_ms)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0)
        return -errno;
    int failed = prepare_listener(fd, address, backlog, give_up_ms);
    if (failed < 0) {
        close(fd);
        return failed;
    }
    return fd;
}

uint16_t listener_port(int fd)
{
    union net_address address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, &address.any, &size) < 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

int listener_accept(int listener, union net_address *peer)
{
    socklen_t size = sizeof *peer;
    int fd = accept4(listener, &peer->any, &size, SOCK_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

enum accept_verdict accept_verdict(int error)
{
    switch (error) {
    case EINTR:
    case EAGAIN:
    /* Errors of the connection that was waiting; accept(2) on Linux returns them. */
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case EPERM:
    case ETIMEDOUT:
    case ENOSR:
    case ESOCKTNOSUPPORT:
    case EPROTONOSUPPORT:
        return ACCEPT_RETRY;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return ACCEPT_PAUSE;
    case EINVAL:
        return ACCEPT_ENDED;
    default:
        return ACCEPT_FATAL;
    }
}

size_t listener_queued(int listener)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_unacked; /* on a listening socket Linux stores the queue's length here */
}

void listener_set_nonblocking(int listener)
{
    int flags = fcntl(listener, F_GETFL);

    INVARIANT(flags >= 0 && fcntl(listener, F_SETFL, flags | O_NONBLOCK) == 0);
}
