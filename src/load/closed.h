/*
 * The closed loop: each connection keeps a number of lines in flight, and sends the next line when
 * one is answered. It shows throughput. It hides the cost of a stall, because no lines are sent
 * during the stall.
 */
#ifndef CLOSED_H
#define CLOSED_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void closed_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
