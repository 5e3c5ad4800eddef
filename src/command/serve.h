/*
 * Serving, from the listening socket to the end.
 */
#ifndef SERVE_H
#define SERVE_H

#include "activation.h"
#include "command/sandbox/privileges.h"
#include "options.h"

#include <lined.h>

/* Listens, gives up the rights that serving does not need, and serves until a signal ends it.
 * privileges is the user to become, if options has one. Returns the exit status; messages go to
 * standard error. Call it once per process, while it has one thread. */
int serve(struct options *options, const struct activation *activation,
          const struct lined_module *module, const struct privileges *privileges);

#endif
