#define _GNU_SOURCE /* accept4 */
#include "listener.h"

#include "base/invariant.h"
#include "folder_lock.h"
#include "lined.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

/* What an accepted TCP socket needs. LINED_OK or -errno. */
static int set_tcp_options(int fd, uint32_t give_up_ms)
{
    int failed = set_number(fd, IPPROTO_TCP, TCP_NODELAY, 1);

    if (failed == 0)
        failed = set_number(fd, SOL_SOCKET, SO_OOBINLINE, 1);
    if (failed == 0 && give_up_ms != 0)
        failed = give_up_after(fd, give_up_ms);
    return failed;
}

/* ---- TCP ---- */

static int bind_tcp(int fd, const struct endpoint *endpoint, const union net_address *address,
                    const struct listener_options *options)
{
    bool is_ipv4 = address->any.sa_family == AF_INET;
    socklen_t size = is_ipv4 ? sizeof address->v4 : sizeof address->v6;
    int failed = set_tcp_options(fd, options->give_up_ms);

    /* Connections of an earlier server in TIME-WAIT do not keep the port (socket(7)). */
    if (failed == 0)
        failed = set_number(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (failed == 0 && options->reuse_port)
        failed = set_number(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (failed == 0 && !is_ipv4 && (endpoint->is_every || endpoint->is_ipv6_only))
        failed = set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, endpoint->is_ipv6_only);
    if (failed != 0)
        return failed;
    return bind(fd, &address->any, size) < 0 || listen(fd, options->backlog) < 0 ? -errno : 0;
}

static int open_address(struct listener *listener, const struct endpoint *endpoint,
                        const union net_address *address, const struct listener_options *options)
{
    listener->fd =
        socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (listener->fd < 0)
        return -errno;
    int failed = bind_tcp(listener->fd, endpoint, address, options);
    if (failed != 0) {
        close(listener->fd);
        listener->fd = -1;
    }
    return failed;
}

static int open_tcp(struct listener *listener, const struct endpoint *endpoint,
                    const struct listener_options *options)
{
    union net_address every;

    int failed = open_address(listener, endpoint, &endpoint->address, options);
    if (endpoint->is_every && (failed == -EAFNOSUPPORT || failed == -EADDRNOTAVAIL)) {
        INVARIANT(address_parse("0.0.0.0", ntohs(endpoint->address.v6.sin6_port), &every));
        failed = open_address(listener, endpoint, &every, options);
    }
    return failed;
}

/* ---- Unix sockets ---- */

/* How often lined tries to bind: another server may remove its file, or make one, in between. */
#define BIND_TRIES_MAX 3

/* True if no server accepts on this socket file, so that it may be replaced; also if it has gone.
 * A symbolic link is no socket file. */
static bool is_stale(const struct sockaddr_un *address)
{
    struct stat file;

    if (lstat(address->sun_path, &file) < 0)
        return errno == ENOENT;
    int fd = S_ISSOCK(file.st_mode) ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
                                    : -1;
    if (fd < 0)
        return false;
    bool is_refused = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 &&
                      (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return is_refused;
}

static int bind_unix(int fd, const struct sockaddr_un *address)
{
    for (int tries = 0; tries < BIND_TRIES_MAX; tries++) {
        if (bind(fd, (const struct sockaddr *)address, sizeof *address) == 0)
            return 0;
        if (errno != EADDRINUSE)
            return -errno;
        if (!is_stale(address))
            break;
        if (unlink(address->sun_path) < 0 && errno != ENOENT)
            return -errno;
    }
    return -EADDRINUSE;
}

/* fd is the socket file, opened with O_PATH. */
static int set_owner_and_mode(int fd, const struct endpoint *endpoint)
{
    char text[32];

    if (endpoint->group[0] != '\0') {
        /* The server has no thread yet. NOLINTNEXTLINE(concurrency-mt-unsafe) */
        const struct group *group = getgrnam(endpoint->group);
        if (group == NULL)
            return -ENOENT;
        if (fchownat(fd, "", (uid_t)-1, group->gr_gid, AT_EMPTY_PATH) < 0)
            return -errno;
    }
    /* fchmod(2) does not take such a descriptor; this name of it, which proc(5) describes, does. */
    snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
    return endpoint->has_mode && chmod(text, endpoint->mode) < 0 ? -errno : 0;
}

/* Mode and group of the socket file, and which file it is. Another user may own the folder, and put
 * another file there in the meantime: so only what is a socket is changed, through a descriptor. */
static int set_up_file(struct listener *listener, const struct endpoint *endpoint)
{
    const char *path = endpoint->unix_address.sun_path;
    struct stat file;

    int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int failed = fstat(fd, &file) < 0 ? -errno : 0;
    if (failed == 0 && !S_ISSOCK(file.st_mode))
        failed = -EADDRINUSE;
    if (failed == 0) {
        snprintf(listener->path, sizeof listener->path, "%s", path);
        listener->device = file.st_dev;
        listener->inode = file.st_ino;
        failed = set_owner_and_mode(fd, endpoint);
    }
    close(fd);
    return failed;
}

static int serve_path(struct listener *listener, const struct endpoint *endpoint, int backlog)
{
    int failed = bind_unix(listener->fd, &endpoint->unix_address);

    if (failed != 0)
        return failed;
    failed = set_up_file(listener, endpoint);
    if (failed == 0 && listen(listener->fd, backlog) < 0)
        failed = -errno;
    if (failed != 0)
        listener_remove_file(listener);
    return failed;
}

/* A socket file refuses connections before listen(2), like one that is left from an earlier server.
 * Without the lock another server that starts at the same moment could replace it. */
static int open_unix(struct listener *listener, const struct endpoint *endpoint,
                     const struct listener_options *options)
{
    if (options->reuse_port)
        return -EOPNOTSUPP;
    listener->is_unix = true;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0)
        return -errno;
    int lock = folder_lock(endpoint->unix_address.sun_path);
    int failed = serve_path(listener, endpoint, options->backlog);
    folder_unlock(lock);
    if (failed != 0) {
        close(listener->fd);
        listener->fd = -1;
    }
    return failed;
}

/* ---- inherited sockets ---- */

static int get_number(int fd, int option)
{
    int number = 0;
    socklen_t size = sizeof number;

    return getsockopt(fd, SOL_SOCKET, option, &number, &size) < 0 ? -errno : number;
}

static int adopt(struct listener *listener, int fd)
{
    union net_address peer;
    socklen_t size = sizeof peer;

    int family = get_number(fd, SO_DOMAIN);
    if (family < 0)
        return family;
    if (get_number(fd, SO_TYPE) != SOCK_STREAM ||
        (family != AF_INET && family != AF_INET6 && family != AF_UNIX))
        return -EPROTOTYPE;
    if (get_number(fd, SO_ACCEPTCONN) != 1)
        return getpeername(fd, &peer.any, &size) == 0 ? -EISCONN : -EINVAL;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    listener->fd = fd;
    listener->is_unix = family == AF_UNIX;
    listener->is_inherited = true;
    return 0;
}

/* ---- all kinds ---- */

/* Asked once: a sandbox may refuse getsockname(2) later. */
static void name_listener(struct listener *listener)
{
    union {
        union net_address net;
        struct sockaddr_un local;
    } address = {0};
    socklen_t size = sizeof address;

    INVARIANT(getsockname(listener->fd, &address.net.any, &size) == 0);
    if (!listener->is_unix) {
        address_format(&address.net, listener->name);
        listener->port = ntohs(address.net.any.sa_family == AF_INET ? address.net.v4.sin_port
                                                                    : address.net.v6.sin6_port);
    } else if (size > offsetof(struct sockaddr_un, sun_path) + 1 &&
               address.local.sun_path[0] == '\0') { /* an abstract address, see unix(7) */
        snprintf(listener->name, sizeof listener->name, "unix:@%.107s", address.local.sun_path + 1);
    } else {
        snprintf(listener->name, sizeof listener->name, "unix:%.108s", address.local.sun_path);
    }
}

int listener_open(struct listener *listener, const struct endpoint *endpoint,
                  const struct listener_options *options)
{
    int failed = -EINVAL;

    *listener =
        (struct listener){.fd = -1, .give_up_ms = options->give_up_ms, .backlog = options->backlog};
    switch (endpoint->kind) {
    case ENDPOINT_TCP:
        failed = open_tcp(listener, endpoint, options);
        break;
    case ENDPOINT_UNIX:
        failed = open_unix(listener, endpoint, options);
        break;
    case ENDPOINT_FD:
        failed = adopt(listener, endpoint->fd);
        break;
    }
    if (failed == 0)
        name_listener(listener);
    return failed;
}

/* Another server may have replaced the file, but not while this socket accepts connections. */
void listener_remove_file(struct listener *listener)
{
    struct stat file;

    if (listener->path[0] != '\0' && lstat(listener->path, &file) == 0 &&
        file.st_dev == listener->device && file.st_ino == listener->inode)
        unlink(listener->path);
    listener->path[0] = '\0';
}

void listener_shut_down(struct listener *listener)
{
    listener_remove_file(listener);
    if (!listener->is_inherited)
        shutdown(listener->fd, SHUT_RDWR);
}

void listener_close(struct listener *listener)
{
    if (listener->fd < 0)
        return;
    listener_shut_down(listener);
    close(listener->fd);
    listener->fd = -1;
}

int listener_accept(const struct listener *listener, union net_address *peer)
{
    socklen_t size = sizeof *peer;

    *peer = address_none;
    int fd = listener->is_unix ? accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC)
                               : accept4(listener->fd, &peer->any, &size, SOCK_CLOEXEC);
    if (fd < 0)
        return -errno;
    address_unmap(peer);
    /* A client that has reset the connection already may make this fail; recv(2) will tell. */
    if (listener->is_inherited && !listener->is_unix)
        (void)set_tcp_options(fd, listener->give_up_ms);
    return fd;
}

enum accept_verdict accept_verdict(int error)
{
    switch (error) {
    case EAGAIN:
        return ACCEPT_WAIT;
    case EINTR:
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

size_t listener_queued(const struct listener *listener)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof info;

    if (listener->is_unix)
        return (size_t)listener->backlog + 1; /* as many as the kernel lets wait */
    getsockopt(listener->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_unacked; /* on a listening socket Linux stores the queue's length here */
}
