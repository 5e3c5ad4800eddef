/*
 * Active mode, the part of a connection's thread: it receives, queues, waits for the dispatcher,
 * and sends.
 */
#ifndef ACTIVE_H
#define ACTIVE_H

#include "conn/conn.h"
#include "mailbox.h"

/* Serves the connection until its end; returns the reason. On the connection's thread. */
int active_serve(struct lined_conn *conn, struct mailbox *mailbox);

#endif
