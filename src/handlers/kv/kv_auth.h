/*
 * The password of the only user, "default".
 */
#ifndef KV_AUTH_H
#define KV_AUTH_H

#include "kv_bytes.h"

#include <stdbool.h>

struct client;

/* Authenticates the client if user and password are right. Without a password each one is right.
 * False: the client has the error. */
bool kv_auth_check(struct client *client, struct kv_bytes user, struct kv_bytes password);

/* True if the client must first send the password. */
bool kv_auth_is_missing(const struct client *client);

/* Forgets the password that the client has sent; for a new connection too. */
void kv_auth_reset(struct client *client);

#endif
