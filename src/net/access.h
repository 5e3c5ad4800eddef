/*
 * Which addresses may connect: the networks of the options allow and deny. It never changes after
 * access_init, so any thread may ask.
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
};

/* LINED_OK; -EINVAL if a text is no list of networks; -ENOMEM. On failure nothing is allocated. */
int access_init(struct access *access, const struct lined_options *options);

void access_deinit(struct access *access);

/* True: the client may connect. deny wins over allow. A client of a Unix socket has no address; the
 * permissions of the socket file decide, so it always may. */
bool access_allows(const struct access *access, const union net_address *client);

#endif
