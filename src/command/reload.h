/*
 * SIGHUP: opens the packet log again, and reads the configuration again. Connections go on.
 *
 * Only the values of the configuration can differ from those at the start, since the command line
 * and the environment stay. Settings with can_change take the new values; for another setting that
 * differs a message says that it needs a restart. After an error the old values stay.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include "observer.h"
#include "options.h"
#include "stop.h"

#include <lined.h>
#include <stdbool.h>

/* Set before the thread for signals starts; used by this thread alone. */
struct reload {
    const struct options *options; /* as of the start */
    lined_server *server;
    struct observer *observer;
    struct stop *stop;
    size_t default_max; /* max_connections if it is not set */
    const char *default_limit;
};

/* True: there is a file to open or to read again. */
bool reload_has_work(const struct options *options);

/* False: a file could not be opened or used, as a message says. */
bool reload(struct reload *reload);

#endif
