#define _GNU_SOURCE /* accept4 */
#include "net.h"

#include "invariant.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool net_parse(const char *ip, uint16_t port, union net_address *address)
{
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, ip, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return true;
    }
    /* inet_pton knows no scope, and a link-local address is of no use without one. */
    const struct addrinfo hints = {
        .ai_family = AF_INET6, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found;
    if (getaddrinfo(ip, NULL, &hints, &found) != 0)
        return false;
    memcpy(&address->v6, found->ai_addr, sizeof address->v6);
    freeaddrinfo(found);
    address->v6.sin6_port = htons(port);
    return true;
}

void net_format(const union net_address *address, char text[NET_TEXT_SIZE])
{
    char ip[INET6_ADDRSTRLEN] = "";
    char scope[1 + IF_NAMESIZE] = "";

    if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, ip, sizeof ip);
        snprintf(text, NET_TEXT_SIZE, "%s:%u", ip, ntohs(address->v4.sin_port));
        return;
    }
    inet_ntop(AF_INET6, &address->v6.sin6_addr, ip, sizeof ip);
    /* The name needs a socket, which a sandbox may refuse; the number is as good to connect to. */
    if (address->v6.sin6_scope_id != 0 &&
        if_indextoname(address->v6.sin6_scope_id, scope + 1) == NULL)
        snprintf(scope + 1, sizeof scope - 1, "%" PRIu32, address->v6.sin6_scope_id);
    if (address->v6.sin6_scope_id != 0)
        scope[0] = '%';
    snprintf(text, NET_TEXT_SIZE, "[%s%s]:%u", ip, scope, ntohs(address->v6.sin6_port));
}

static int prepare_listener(int fd, const union net_address *address, int backlog)
{
    const int on = 1;
    socklen_t size = address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;

    /* SO_REUSEADDR: connections of an earlier server in TIME-WAIT do not keep the port (socket(7)).
     */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) < 0 ||
        bind(fd, &address->any, size) < 0 || listen(fd, backlog) < 0)
        return -errno;
    return 0;
}

int net_listen(const union net_address *address, int backlog)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0)
        return -errno;
    int failed = prepare_listener(fd, address, backlog);
    if (failed < 0) {
        close(fd);
        return failed;
    }
    return fd;
}

uint16_t net_port(int fd)
{
    union net_address address = {0};
    socklen_t size = sizeof address;

    if (getsockname(fd, &address.any, &size) < 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

int net_accept(int listener, union net_address *peer)
{
    socklen_t size = sizeof *peer;
    int fd = accept4(listener, &peer->any, &size, SOCK_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

enum net_verdict net_accept_verdict(int error)
{
    switch (error) {
    case EINTR:
    case EAGAIN:
    /* Errors of the connection that was waiting; accept(2) on Linux hands them on. */
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
        return NET_RETRY;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        return NET_PACE;
    case EINVAL:
        return NET_ENDED;
    default:
        return NET_FATAL;
    }
}

static struct tcp_info tcp_info(int fd)
{
    struct tcp_info info = {.tcpi_state = TCP_CLOSE};
    socklen_t size = sizeof info;

    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info;
}

enum net_state net_connection_state(int fd)
{
    switch (tcp_info(fd).tcpi_state) {
    case TCP_CLOSE_WAIT:
        return NET_ENDED_BY_PEER;
    case TCP_CLOSE:
        return NET_DEAD;
    default:
        return NET_OPEN;
    }
}

size_t net_queued(int listener)
{
    return tcp_info(listener).tcpi_unacked; /* what Linux uses the field for on a listener */
}

void net_stop_waiting(int listener)
{
    int flags = fcntl(listener, F_GETFL);

    INVARIANT(flags >= 0 && fcntl(listener, F_SETFL, flags | O_NONBLOCK) == 0);
}

size_t net_unacknowledged(int fd)
{
    int bytes = 0;

    /* The kernel's count stays as it was when a connection dies. */
    if (ioctl(fd, SIOCOUTQ, &bytes) != 0 || bytes <= 0 || net_connection_state(fd) == NET_DEAD)
        return 0;
    return (size_t)bytes;
}

size_t net_readable(int fd)
{
    int bytes = 0;

    return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}
