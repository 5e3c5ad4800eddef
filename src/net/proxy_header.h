/*
 * The header of the PROXY protocol, versions 1 and 2, by which a proxy passes on the address of its
 * client (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). Pure: bytes in, an address
 * out.
 */
#ifndef PROXY_HEADER_H
#define PROXY_HEADER_H

#include "address.h"
#include "lined.h"

#include <stddef.h>

/* The maximum size of a header of version 1, including its CR LF. */
#define PROXY_HEADER_V1_MAX 107u

enum proxy_header_verdict {
    PROXY_HEADER_MORE, /* the bytes may begin a header; header.size bytes are needed to know more */
    PROXY_HEADER_BAD,
    PROXY_HEADER_ADDRESS, /* a header of header.size bytes, with the client's address */
    PROXY_HEADER_LOCAL,   /* a header of header.size bytes without an IP address: the connection
                           * is the proxy's own, or the client's family is another */
};

struct proxy_header {
    size_t size; /* never more than the header has; more than the given bytes if they do not do */
    union net_address address; /* of PROXY_HEADER_ADDRESS; IPv4-mapped addresses are IPv4 */
};

/* Reads the header at the beginning of the bytes, in a version that is allowed. Bytes behind it
 * are not looked at. */
enum proxy_header_verdict proxy_header_parse(struct proxy_header *header,
                                             enum lined_proxy_protocol allowed, const char *bytes,
                                             size_t size);

#endif
