/*
 * The password of kv, which its only user "default" has if LINED_KV_PASSWORD is set. kv_auth is
 * called as described in struct kv_command.
 */
#ifndef KV_AUTH_H
#define KV_AUTH_H

#include "kv_connection.h"

#include <stdbool.h>

LINED_CHECK_RESULT int kv_auth(struct client *client);

/* Authenticates the client if user and password are right. Without a password each one is right.
 */
LINED_CHECK_RESULT bool kv_auth_check(struct client *client, const struct kv_bytes *user,
                                      const struct kv_bytes *password);
LINED_CHECK_RESULT int kv_auth_send_wrong(struct client *client);

/* True if the client must first send the password. */
bool kv_auth_is_missing(const struct client *client);

/* Forgets the password that the client has sent. */
void kv_auth_reset(struct client *client);

#endif
