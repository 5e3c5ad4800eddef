/*
 * The commands of kv for values that are numbers. They are called as described in struct
 * kv_command.
 */
#ifndef KV_NUMBERS_H
#define KV_NUMBERS_H

#include "kv_connection.h"

LINED_CHECK_RESULT int kv_do_incr(struct client *client);
LINED_CHECK_RESULT int kv_do_decr(struct client *client);
LINED_CHECK_RESULT int kv_do_incrby(struct client *client);
LINED_CHECK_RESULT int kv_do_decrby(struct client *client);

#endif
