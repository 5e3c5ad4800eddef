/*
 * The limit of connections: that of the user, or one below the limits of the system.
 */
#ifndef MAX_CONNECTIONS_H
#define MAX_CONNECTIONS_H

#include "activation.h"
#include "limits.h"
#include "lined.h"
#include "options.h"

#include <stddef.h>
#include <sys/types.h>

/* Raises the limit on descriptors, and sets max_connections if the user has not set it. *bound
 * becomes the lowest limit of the system. Call it before lined listens. Returns the name of what
 * has set max_connections; NULL after a message if not even one connection is possible. */
const char *max_connections_choose(struct options *options, const struct activation *activation,
                                   const struct lined_handler *handler, uid_t user,
                                   struct limits_bound *bound);

/* A message with the limit. */
void max_connections_report(size_t max, const struct limits_bound *bound);

#endif
