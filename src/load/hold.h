/*
 * Many connections that are silent most of the time. It measures how long it takes to open and
 * answer all of them, how much memory they cost the server before and after the silence, and how
 * long it takes to answer all of them again. Each sends the maximum number of lines in flight.
 */
#ifndef HOLD_H
#define HOLD_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void hold_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
