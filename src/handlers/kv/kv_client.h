/*
 * CLIENT: the names of a connection and of its library. The commands are called as described in
 * struct kv_command.
 */
#ifndef KV_CLIENT_H
#define KV_CLIENT_H

#include "kv_connection.h"

#include <stdbool.h>

LINED_CHECK_RESULT int kv_client_getname(struct client *client);
LINED_CHECK_RESULT int kv_client_id(struct client *client);
LINED_CHECK_RESULT int kv_client_info(struct client *client);
LINED_CHECK_RESULT int kv_client_setinfo(struct client *client);
LINED_CHECK_RESULT int kv_client_setname(struct client *client);

/* True if each byte is printable and none is a blank. An empty name is valid; it removes the name.
 */
bool kv_client_is_name(const struct kv_bytes *name);
int kv_client_send_bad_name(struct client *client);

/* Replaces *text, which is owned, by a copy of a valid name; an empty name removes it.
 * False: no memory, and nothing has changed. */
LINED_CHECK_RESULT bool kv_client_rename(char **text, const struct kv_bytes *name);

/* Frees the names. */
void kv_client_forget(struct client *client);

#endif
