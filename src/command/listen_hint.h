/*
 * The remedy when lined cannot listen. Pure.
 */
#ifndef LISTEN_HINT_H
#define LISTEN_HINT_H

#include "options.h"

#include <stdint.h>

#define LISTEN_HINT_SIZE 256

/* Writes the remedy for this errno, after listening with these options has failed; an empty text if
 * there is none. first_port is net.ipv4.ip_unprivileged_port_start. */
const char *listen_hint(const struct options *options, int error, uint32_t first_port,
                        char text[LISTEN_HINT_SIZE]);

#endif
