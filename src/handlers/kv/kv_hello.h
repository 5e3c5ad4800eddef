/*
 * The commands of kv that begin and end a connection. They are called as described in struct
 * kv_command.
 */
#ifndef KV_HELLO_H
#define KV_HELLO_H

#include "kv_connection.h"

LINED_CHECK_RESULT int kv_hello(struct client *client);
LINED_CHECK_RESULT int kv_select(struct client *client);
LINED_CHECK_RESULT int kv_reset(struct client *client);
LINED_CHECK_RESULT int kv_quit(struct client *client);

#endif
