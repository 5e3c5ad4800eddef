/*
 * Which addresses may connect, and which belong to proxies: the networks of the options allow, deny
 * and proxy_from. It never changes after access_init, so any thread may ask.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "address.h"
#include "cidr.h"
#include "lined.h"

#include <stdbool.h>

struct access {
    bool has_allow; /* only networks of allow may connect */
    struct cidr_list allow;
    struct cidr_list deny;
    bool has_proxies; /* some clients send a PROXY header */
    struct cidr_list proxies;
};

/* LINED_OK; -EINVAL if a text is no list of networks; -ENOMEM. On failure nothing is allocated. */
int access_init(struct access *access, const struct lined_options *options);

void access_deinit(struct access *access);

/* True: the client may connect. deny wins over allow. A client of a Unix socket has no address; the
 * permissions of the socket file decide, so it always may. */
bool access_allows(const struct access *access, const union net_address *client);

/* True: the client is a proxy, and must begin with a PROXY header. Clients of a Unix socket are
 * proxies too, because the permissions of the socket file decide about them. */
bool access_expects_header(const struct access *access, const union net_address *client);

#endif
