/*
 * Opening the places where lined listens, and reporting them.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include "activation.h"
#include "command/sandbox/allowed_files.h"
#include "options.h"

#include <lined.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes the server of options, with its listeners: the inherited sockets, or those of --listen, or
 * that of --ip and --port. False: it has failed, and a message says why. */
bool listen_open(lined_server **server, const struct options *options,
                 const struct activation *activation, const struct lined_handler *handler);

/* How many listeners listen_open adds; of these, *inherited are sockets that are open already. */
size_t listen_count(const struct options *options, const struct activation *activation,
                    uint64_t *inherited);

/* The socket files that listen_open and the admin listener have made. */
void listen_made_files(const struct options *options, struct allowed_files *made);

/* One more listener of a server: a place of --listen, or an inherited socket. False: it has failed,
 * and a message says why. */
bool listen_on_place(lined_server *server, const char *place);
bool listen_on_inherited(lined_server *server, int fd);

/* A message for each listener. */
void listen_report(lined_server *server);

#endif
