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

/* Drains, expects that nobody had to be cut, and frees. */
void finish(lined_server *server);

#endif
