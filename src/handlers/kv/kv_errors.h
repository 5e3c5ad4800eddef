/*
 * Errors of kv, in the words of Redis. Those that repeat words of the client have the same maximum
 * length as in Redis.
 */
#ifndef KV_ERRORS_H
#define KV_ERRORS_H

#include "kv_connection.h"

/* "ERR <before><word><after>" */
void kv_error_about(struct client *client, const char *before, struct kv_bytes word,
                    const char *after);

/* Wrong number of arguments for the command with this name. */
void kv_error_arity(struct client *client, const char *name);

void kv_error_syntax(struct client *client);
void kv_error_not_integer(struct client *client);

/* A time that cannot be the expiry, for the command with this name. */
void kv_error_invalid_expiry(struct client *client, const char *name);

/* Out of memory; nothing has changed. */
void kv_error_no_memory(struct client *client);

/* After a protocol error: what is wrong. */
void kv_error_protocol(struct client *client, const char *problem);

/* Unknown command. */
void kv_error_unknown(struct client *client);

#endif
