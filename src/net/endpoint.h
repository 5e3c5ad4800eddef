/*
 * Where a server listens, as text. Pure: opens nothing.
 *
 *     127.0.0.1:1234   [::1]:1234   one address
 *     *:1234                        every IPv6 and every IPv4 address, with one socket
 *     unix:/run/lined.sock,mode=0660,group=NAME
 *                                   a socket file; mode and group may be missing
 *     fd:3                          a listening socket that the process has inherited
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include "address.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

enum endpoint_kind { ENDPOINT_TCP, ENDPOINT_UNIX, ENDPOINT_FD };

#define ENDPOINT_GROUP_SIZE 64

struct endpoint {
    enum endpoint_kind kind;
    union net_address address;       /* ENDPOINT_TCP */
    bool is_every;                   /* ENDPOINT_TCP: "*" */
    bool is_ipv6_only;               /* ENDPOINT_TCP: sets IPV6_V6ONLY; else the system decides */
    struct sockaddr_un unix_address; /* ENDPOINT_UNIX */
    bool has_mode;                   /* ENDPOINT_UNIX; else the umask decides */
    mode_t mode;
    char group[ENDPOINT_GROUP_SIZE]; /* ENDPOINT_UNIX; "": the group of the process */
    int fd;                          /* ENDPOINT_FD */
};

/* False: *why says what is wrong, in words that follow "must be", such as "a port from 0 to 65535".
 */
bool endpoint_parse(const char *text, struct endpoint *endpoint, const char **why);

/* The endpoint of an address alone, as for -i and -p. */
struct endpoint endpoint_of(const union net_address *address);

#endif
