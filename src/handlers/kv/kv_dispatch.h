/*
 * Executing commands.
 */
#ifndef KV_DISPATCH_H
#define KV_DISPATCH_H

struct client;

/* Executes client->command, which has at least one argument, or queues it after MULTI, and replies.
 */
void kv_dispatch(struct client *client);

#endif
