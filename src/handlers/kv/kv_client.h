/*
 * The names of a connection and of its library, as CLIENT and HELLO set them.
 */
#ifndef KV_CLIENT_H
#define KV_CLIENT_H

#include "kv_bytes.h"

#include <stdbool.h>

struct client;

/* Sets the name of the connection; an empty name removes it. False: it is invalid, or there is no
 * memory; the client has the error. */
bool kv_client_set_name(struct client *client, struct kv_bytes name);

/* Frees the names. */
void kv_client_forget(struct client *client);

#endif
