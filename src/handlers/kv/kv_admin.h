/*
 * The commands of kv for all keys or none. They are called as described
 * in struct kv_command.
 */
#ifndef KV_ADMIN_H
#define KV_ADMIN_H

#include "kv_connection.h"

LINED_CHECK_RESULT int kv_ping(struct client *client);
LINED_CHECK_RESULT int kv_echo(struct client *client);
LINED_CHECK_RESULT int kv_dbsize(struct client *client);
LINED_CHECK_RESULT int kv_flushall(struct client *client);

#endif
