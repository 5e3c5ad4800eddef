/*
 * Many connections that are mostly silent: how long until all were established and answered, how
 * much memory they cost the server then and after the silence, and how long until all are answered
 * when all ask again at once. Each asks with as many lines as may be under way.
 */
#ifndef HOLD_H
#define HOLD_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void hold_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
