/*
 * What the command does when something happens in the server: it writes the packet log, and reports
 * on standard error.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include "command/log/log_writer.h"
#include "stop.h"

#include <lined.h>

/* The context of the observer. Set before the server starts; it does not change after. */
struct observer {
    struct lined_observer callbacks;
    struct log_writer *log; /* NULL: there is no packet log */
    struct stop *stop;
    const char *limited_by; /* what sets the maximum of connections */
};

/* Fills in the callbacks. What it writes to is set afterwards. */
void observer_init(struct observer *observer, struct stop *stop);

#endif
