/*
 * The open loop: lines are due on a schedule, whatever the server does, and a line's latency counts
 * from when it was due. A server that stalls delays all lines that come due meanwhile, and each of
 * them counts, as it would with users who know nothing of each other.
 */
#ifndef OPEN_H
#define OPEN_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void open_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
