#include "target.h"

#include "fail.h"
#include "progress.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24 /* linux/in.h */
#endif

/* From one address to one port there are 28232 local ports by default (ip_local_port_range). */
#define ENOUGH_PORTS 20000

/* Every address of 127.0.0.0/8 is local, so connections to such a server can use the ports of many
 * addresses. 16 addresses have 451712 ports, more than can be in TIME-WAIT
 * (net.ipv4.tcp_max_tw_buckets, by default at most 262144). So neither churn nor 60000 connections
 * run out of ports, and connections end normally, with a FIN from each side. With an SO_LINGER of 0
 * there would be no TIME-WAIT, but the server would see resets, which is another load. */
#define LOOPBACK_SOURCES 16

#define DESCRIPTORS_BESIDES 32 /* standard descriptors, epoll, and those of the C library */

static bool is_loopback(const union net_address *address)
{
    return address->any.sa_family == AF_INET && ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

static void make_room(uint32_t connections)
{
    rlim_t needed = (rlim_t)connections + DESCRIPTORS_BESIDES;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
        return;
    /* A value above the hard limit needs a privilege. */
    struct rlimit more = {.rlim_cur = needed,
                          .rlim_max = limit.rlim_max > needed ? limit.rlim_max : needed};
    if (setrlimit(RLIMIT_NOFILE, &more) != 0)
        fail(EXIT_WRONG,
             "%u connections need %llu descriptors, and RLIMIT_NOFILE is %llu: raise it as root "
             "(ulimit -Hn), or set fewer --connections",
             connections, (unsigned long long)needed, (unsigned long long)limit.rlim_max);
}

void target_init(struct target *target, const char *host, uint16_t port, uint32_t connections,
                 bool is_churning)
{
    if (!address_parse(host, port, &target->address))
        fail(EXIT_USAGE, "--host '%s': must be an IPv4 or IPv6 address", host);
    bool needs_ports = is_churning || connections > ENOUGH_PORTS;
    target->sources = needs_ports && is_loopback(&target->address) ? LOOPBACK_SOURCES : 0;
    make_room(connections);
}

void target_failed(const struct target *target, const char *what, int error)
{
    char address[ADDRESS_SIZE];

    address_format(&target->address, address);
    if (error == EINTR && progress_is_interrupted())
        fail(EXIT_WRONG, "interrupted before anything was measured");
    if (error == EADDRNOTAVAIL)
        fail(EXIT_WRONG,
             "%s to %s: no local port is free; set fewer --connections, or widen "
             "net.ipv4.ip_local_port_range, or wait one minute for ports in TIME-WAIT",
             what, address);
    fail(EXIT_WRONG, "%s to %s: %s%s", what, address, strerror(error),
         error == ECONNREFUSED ? "; is the server running, and is it the right --port?" : "");
}

static int make_socket(const struct target *target, uint32_t index, int flags)
{
    const int on = 1;
    int fd = socket(target->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    if (fd < 0)
        target_failed(target, "socket", errno);
    if (target->sources > 0) {
        struct sockaddr_in source = {.sin_family = AF_INET};
        source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + index % target->sources);
        /* The kernel chooses the port when it knows the destination. Otherwise each address would
         * have only 28232 ports for all destinations. */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        if (bind(fd, (const struct sockaddr *)&source, sizeof source) != 0)
            target_failed(target, "bind for a connection", errno);
    }
    return fd;
}

static socklen_t address_size(const struct target *target)
{
    return target->address.any.sa_family == AF_INET ? sizeof target->address.v4
                                                    : sizeof target->address.v6;
}

int target_connect(const struct target *target, uint32_t index)
{
    const int on = 1;
    int fd = make_socket(target, index, 0);

    if (connect(fd, &target->address.any, address_size(target)) != 0)
        target_failed(target, "connect", errno);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int target_begin(const struct target *target, uint32_t index)
{
    int fd = make_socket(target, index, SOCK_NONBLOCK);

    if (connect(fd, &target->address.any, address_size(target)) != 0 && errno != EINPROGRESS)
        target_failed(target, "connect", errno);
    return fd;
}
