/*
 * The server's address, and sockets to it: descriptors and local ports for very many.
 */
#ifndef TARGET_H
#define TARGET_H

#include "net/address.h"

#include <stdbool.h>
#include <stdint.h>

struct target {
    union net_address address;
    uint32_t sources; /* how many local addresses the connections are spread over; 0: the kernel's
                         choice */
};

/* Every function here ends the process where it fails, with the remedy.
 *
 * connections: how many will be open at once, for which it makes room among the descriptors.
 * is_churning: they come and go, so ports in TIME-WAIT count as well. */
void target_init(struct target *target, const char *host, uint16_t port, uint32_t connections,
                 bool is_churning);

/* A connection, once it is established, with TCP_NODELAY. index spreads over local addresses. */
int target_connect(const struct target *target, uint32_t index);

/* A socket that does not block, on which connecting has begun. */
int target_begin(const struct target *target, uint32_t index);

/* Ends the process: what was done (such as "send") failed with this errno. */
__attribute__((noreturn)) void target_failed(const struct target *target, const char *what,
                                             int error);

#endif
