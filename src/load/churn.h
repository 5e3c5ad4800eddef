/*
 * Short connections: connect, send one line, receive its reply, close, on several connections at
 * the same time, as fast as the server allows. The measured time is the whole exchange, from the
 * socket to the server's end of the connection.
 */
#ifndef CHURN_H
#define CHURN_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void churn_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
