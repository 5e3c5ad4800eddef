/*
 * COMMAND and its subcommands, from the table of commands. They are called as described in struct
 * kv_command.
 */
#ifndef KV_COMMAND_INFO_H
#define KV_COMMAND_INFO_H

#include "kv_connection.h"

LINED_CHECK_RESULT int kv_command_all(struct client *client);
LINED_CHECK_RESULT int kv_command_count(struct client *client);
LINED_CHECK_RESULT int kv_command_docs(struct client *client);
LINED_CHECK_RESULT int kv_command_info(struct client *client);

#endif
