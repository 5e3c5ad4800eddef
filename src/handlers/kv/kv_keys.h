/*
 * The commands of kv with several keys, and GET, which has a similar reply. They are called as
 * described in struct kv_command.
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
