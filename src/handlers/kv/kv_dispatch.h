/*
 * Finding and running the command of a client.
 */
#ifndef KV_DISPATCH_H
#define KV_DISPATCH_H

#include "kv_connection.h"

/* Answers client->command, which has at least one argument, also if it is unknown. Returns the
 * same results as the line callback of struct lined_handler. */
LINED_CHECK_RESULT int kv_dispatch(struct client *client);

#endif
