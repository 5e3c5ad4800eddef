/*
 * The commands of kv that change one value. They are called as described in struct kv_command.
 */
#ifndef KV_STRINGS_H
#define KV_STRINGS_H

#include "kv_connection.h"

LINED_CHECK_RESULT int kv_do_set(struct client *client);
LINED_CHECK_RESULT int kv_do_incr(struct client *client);
LINED_CHECK_RESULT int kv_do_decr(struct client *client);
LINED_CHECK_RESULT int kv_do_incrby(struct client *client);

#endif
