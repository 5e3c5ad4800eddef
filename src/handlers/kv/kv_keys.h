/*
 * The commands of kv that take several keys, and GET, whose reply is like theirs. Each is run as
 * struct kv_command says.
 */
#ifndef KV_KEYS_H
#define KV_KEYS_H

#include "kv_connection.h"

LINED_CHECK_RESULT int kv_do_get(struct client *client);
LINED_CHECK_RESULT int kv_do_mget(struct client *client);
LINED_CHECK_RESULT int kv_do_mset(struct client *client);
LINED_CHECK_RESULT int kv_do_del(struct client *client);
LINED_CHECK_RESULT int kv_do_exists(struct client *client);

#endif
