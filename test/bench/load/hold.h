/*
 * Many connections that are mostly silent: how long until all are established and answered, what
 * the server's memory is, and how long until all are answered when all ask again at once.
 */
#ifndef HOLD_H
#define HOLD_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void hold_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
