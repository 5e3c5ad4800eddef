/*
 * The open loop: lines are sent on a schedule that does not depend on the server, and a latency
 * counts from the scheduled time. If the server stalls, all lines with a scheduled time during the
 * stall are delayed, and each of them counts. This is how independent users see a stall.
 */
#ifndef OPEN_H
#define OPEN_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void open_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
