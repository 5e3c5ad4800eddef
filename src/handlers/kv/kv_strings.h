/*
 * The commands of kv for one value. They are called as described in struct kv_command.
 */
#ifndef KV_STRINGS_H
#define KV_STRINGS_H

#include "kv_connection.h"

LINED_CHECK_RESULT int kv_do_set(struct client *client);
LINED_CHECK_RESULT int kv_do_setex(struct client *client);
LINED_CHECK_RESULT int kv_do_psetex(struct client *client);
LINED_CHECK_RESULT int kv_do_setnx(struct client *client);
LINED_CHECK_RESULT int kv_do_getset(struct client *client);
LINED_CHECK_RESULT int kv_do_getdel(struct client *client);
LINED_CHECK_RESULT int kv_do_append(struct client *client);
LINED_CHECK_RESULT int kv_do_strlen(struct client *client);
LINED_CHECK_RESULT int kv_do_type(struct client *client);

#endif
