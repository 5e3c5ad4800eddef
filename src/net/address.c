#include "address.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

const union net_address address_none = {.any = {.sa_family = AF_UNIX}};

bool address_parse(const char *ip, uint16_t port, union net_address *address)
{
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, ip, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons(port);
        return true;
    }
    /* inet_pton(3) knows no scope, and a link-local address is useless without one. */
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

void address_unmap(union net_address *address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = address->v6.sin6_port};

    if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
        return;
    memcpy(&v4.sin_addr, address->v6.sin6_addr.s6_addr + 12, sizeof v4.sin_addr);
    *address = (union net_address){.v4 = v4};
}

void address_format(const union net_address *address, char text[ADDRESS_SIZE])
{
    char ip[INET6_ADDRSTRLEN] = "";
    char scope[1 + IF_NAMESIZE] = "";

    if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, ip, sizeof ip);
        snprintf(text, ADDRESS_SIZE, "%s:%u", ip, ntohs(address->v4.sin_port));
        return;
    }
    inet_ntop(AF_INET6, &address->v6.sin6_addr, ip, sizeof ip);
    /* The name needs a socket, which a sandbox may refuse; the number works as well. */
    if (address->v6.sin6_scope_id != 0 &&
        if_indextoname(address->v6.sin6_scope_id, scope + 1) == NULL)
        snprintf(scope + 1, sizeof scope - 1, "%" PRIu32, address->v6.sin6_scope_id);
    if (address->v6.sin6_scope_id != 0)
        scope[0] = '%';
    snprintf(text, ADDRESS_SIZE, "[%s%s]:%u", ip, scope, ntohs(address->v6.sin6_port));
}
