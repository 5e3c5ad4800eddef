/*
 * A server embedded in a test: port 0, watched. Prepare, change options where the test wants to,
 * start; finish.
 */
#ifndef EMBED_H
#define EMBED_H

#include "watch.h"

#include <lined.h>

extern struct watch watch;
extern struct lined_options options;

/* Options anew, and a watch that has seen nothing. */
void prepare(enum lined_mode mode);

lined_server *start_handler(const struct lined_handler *handler);
lined_server *start_handler_in(const struct lined_handler *handler, void *context);

/* With lined_handler_received. */
lined_server *start_server(void);

struct lined_stats stats_of(lined_server *server);

/* Drains, expects that no connection was cut, and frees. */
void finish(lined_server *server);

#endif
