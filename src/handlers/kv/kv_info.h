/*
 * INFO and CONFIG GET. They are called as described in struct kv_command.
 */
#ifndef KV_INFO_H
#define KV_INFO_H

#include "kv_connection.h"

LINED_CHECK_RESULT int kv_info(struct client *client);
LINED_CHECK_RESULT int kv_config_get(struct client *client);

#endif
