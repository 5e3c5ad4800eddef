#include "listen_hint.h"

#include "net/address.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>

/* Each interface has such addresses, so the kernel needs the interface (ipv6(7)). */
static bool lacks_scope(const char *ip)
{
    union net_address address;

    return address_parse(ip, 0, &address) && address.any.sa_family == AF_INET6 &&
           IN6_IS_ADDR_LINKLOCAL(&address.v6.sin6_addr) && address.v6.sin6_scope_id == 0;
}

const char *listen_hint(const struct options *options, int error, uint32_t first_port,
                        char text[LISTEN_HINT_SIZE])
{
    const char *port = options_name(options, "--port");
    const char *ip = options_name(options, "--ip");

    text[0] = '\0';
    if (error == EACCES && options->server.port != 0 && options->server.port < first_port)
        snprintf(text, LISTEN_HINT_SIZE,
                 "a port below %" PRIu32 " needs root (with --user NAME) or the capability "
                 "CAP_NET_BIND_SERVICE; or set %s to %" PRIu32 " or more",
                 first_port, port, first_port);
    else if (error == EADDRINUSE && options->server.port != 0)
        snprintf(text, LISTEN_HINT_SIZE,
                 "another process listens on this port, see 'ss -ltnp': end that process, or set "
                 "another %s",
                 port);
    else if (error == EADDRINUSE)
        snprintf(text, LISTEN_HINT_SIZE,
                 "no port in net.ipv4.ip_local_port_range is free: set %s to a free port", port);
    else if (error == EADDRNOTAVAIL)
        snprintf(text, LISTEN_HINT_SIZE,
                 "no interface has this address, see 'ip address': set another %s; 0.0.0.0 and "
                 ":: mean all addresses",
                 ip);
    else if (error == EINVAL && lacks_scope(options->server.ip))
        snprintf(text, LISTEN_HINT_SIZE,
                 "a link-local address needs its interface, for example %s '%.64s%%eth0'", ip,
                 options->server.ip);
    else if (error == EAFNOSUPPORT)
        snprintf(text, LISTEN_HINT_SIZE, "this system has no IPv6: set %s to an IPv4 address", ip);
    return text;
}
