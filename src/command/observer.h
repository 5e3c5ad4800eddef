/*
 * The observer of the command: it writes the packet log, and prints messages on standard error.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include "command/log/packet_log.h"
#include "stop.h"

#include <lined.h>
#include <stdatomic.h>

/* The context of the callbacks. Set before the server starts. Afterwards only the atomics
 * change: limited_by, and the style in log. */
struct observer {
    struct lined_observer callbacks;
    struct packet_log log;
    struct stop *stop;
    const char *_Atomic limited_by; /* the name of the limit on connections */
};

/* Sets the callbacks and stop. The caller sets the other fields before the server starts. */
void observer_init(struct observer *observer, struct stop *stop);

#endif
