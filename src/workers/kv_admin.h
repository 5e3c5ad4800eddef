/*
 * The commands of kv that are about the connection and the server, not about a key. Each is run as
 * struct kv_command says.
 */
#ifndef KV_ADMIN_H
#define KV_ADMIN_H

#include "kv_commands.h"

int kv_ping(struct client *client);
int kv_echo(struct client *client);
int kv_command_about(struct client *client);
int kv_config(struct client *client);
int kv_info(struct client *client);
int kv_hello(struct client *client);
int kv_quit(struct client *client);

#endif
