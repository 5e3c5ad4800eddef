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

/* The kernel's user timeout begins with the first time that it sends something again, 200 ms after
 * it was sent at least: so much sooner it may end. */
#define USER_TIMEOUT_AHEAD_MS 100u

/* The kernel refuses to be silent for longer before it asks. */
#define KEEPALIVE_MOST_S 32767u

static int set_number(int fd, int level, int option, uint32_t value)
{
    int number = (int)value;

    return setsockopt(fd, level, option, &number, sizeof number) < 0 ? -errno : 0;
}

/* How to notice a peer that has vanished. Whatever is not acknowledged: the user timeout. Where
 * nothing is to be: a probe each second after three quarters of the time, because the kernel's
 * timers are coarse; the user timeout says when to give up there, too, instead of a number of
 * probes (tcp(7)). A peer that is there answers the first probe. */
static int give_up_after(int fd, uint32_t ms)
{
    uint32_t ahead = ms / 8 < USER_TIMEOUT_AHEAD_MS ? ms / 8 : USER_TIMEOUT_AHEAD_MS;
    uint32_t silence = ms / 4 * 3 / 1000;
    int failed;

    silence = silence < 1 ? 1 : silence;
    silence = silence > KEEPALIVE_MOST_S ? KEEPALIVE_MOST_S : silence;
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

int net_listen(const union net_address *address, int backlog, uint32_t give_up_ms)
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

/* Stays as it was when a connection dies. */
static size_t unacknowledged_to_the_end(int fd)
{
    int bytes = 0;

    return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

size_t net_unacknowledged(int fd)
{
    size_t bytes = unacknowledged_to_the_end(fd);

    return bytes == 0 || net_connection_state(fd) == NET_DEAD ? 0 : bytes;
}

enum net_loss net_loss(int fd, int error)
{
    switch (error) {
    case ETIMEDOUT:
    /* What routers, or the neighbours' table, have said of it meanwhile. */
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
        return unacknowledged_to_the_end(fd) > 0 ? NET_LOST_UNACKNOWLEDGED : NET_LOST;
    default:
        return NET_NOT_LOST;
    }
}

size_t net_readable(int fd)
{
    int bytes = 0;

    return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}
