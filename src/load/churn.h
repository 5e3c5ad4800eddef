/*
 * Connections that come and go: connect, one line, its reply, close, as fast as the server does it,
 * a number of them at once. What is measured is the whole of it, from the socket to the server's
 * end of the connection.
 */
#ifndef CHURN_H
#define CHURN_H

#include "client.h"
#include "figures.h"
#include "settings.h"

void churn_run(const struct settings *settings, struct side *side, struct figures *figures);

#endif
