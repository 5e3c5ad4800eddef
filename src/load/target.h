/*
 * The address of the server, and sockets to it, with enough descriptors and local ports.
 */
#ifndef TARGET_H
#define TARGET_H

#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

struct target {
    union net_address address;
    uint32_t sources; /* number of local addresses of the connections; 0: the kernel chooses */
};

/* Every function ends the process when it fails, with a message and the remedy.
 *
 * connections: how many will be open at the same time; the limit on descriptors is raised for them.
 * is_churning: connections open and close, so ports in TIME-WAIT count too. */
void target_init(struct target *target, const char *host, uint16_t port, uint32_t connections,
                 bool is_churning);

/* Returns an established connection with TCP_NODELAY. index selects the local address. */
int target_connect(const struct target *target, uint32_t index);

/* Returns a non-blocking socket that is connecting. */
int target_begin(const struct target *target, uint32_t index);

/* Ends the process: the operation what, such as "send", has failed with this errno. */
__attribute__((noreturn)) void target_failed(const struct target *target, const char *what,
                                             int error);

#endif
