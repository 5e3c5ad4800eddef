/*
 * The closed loop: each connection keeps a number of lines under way and sends the next when one is
 * answered. Shows throughput; what a stall costs it hides, because nothing is sent meanwhile.
 */
#ifndef CLOSED_H
#define CLOSED_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void closed_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
