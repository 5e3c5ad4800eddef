/*
 * MULTI, EXEC, DISCARD, WATCH and UNWATCH of a connection: commands that are queued, and keys that
 * are watched. EXEC takes the locks of all shards that the queued commands and the watched keys
 * need, in their order. Then it checks the watched keys and executes the commands, and sends the
 * replies after the unlock.
 */
#ifndef KV_TRANSACTION_H
#define KV_TRANSACTION_H

#include "kv_store.h"

#include <stdbool.h>
#include <stddef.h>

struct client;
struct kv_command;

/* Queues client->command, and replies. */
void kv_transaction_queue(struct client *client, const struct kv_command *command);

/* A command was rejected: EXEC must fail. Without MULTI this does nothing. */
void kv_transaction_fail(struct client *client);

/* Forgets what is queued and watched. */
void kv_transaction_end(struct client *client);

/* Adds to the size of the transaction. False: it would exceed the maximum, and the client has the
 * error. */
bool kv_transaction_add_size(struct client *client, size_t size);

/* ---- kv_watch.c ---- */

/* The shards of the watched keys. */
kv_shards kv_watch_shards(const struct client *client);

/* True if a watched key is not as it was at WATCH. */
bool kv_watch_has_changed(const struct client *client);

/* Forgets the watched keys. */
void kv_watch_end(struct client *client);

#endif
