/*
 * Errors of kv, in the words of Redis. Those that repeat words of the client have the same maximum
 * length as in Redis.
 */
#ifndef KV_ERRORS_H
#define KV_ERRORS_H

#include "kv_connection.h"

/* "ERR <before><word><after>" */
LINED_CHECK_RESULT int kv_send_about(struct client *client, const char *before,
                                     const struct kv_bytes *word, const char *after);

/* Wrong number of arguments for the command with this name. */
LINED_CHECK_RESULT int kv_send_arity(struct client *client, const char *name);

LINED_CHECK_RESULT int kv_send_syntax(struct client *client);
LINED_CHECK_RESULT int kv_send_not_integer(struct client *client);

/* A time that cannot be the expiry, for the command with this name. */
LINED_CHECK_RESULT int kv_send_invalid_expiry(struct client *client, const char *name);

/* Out of memory; nothing has changed. */
LINED_CHECK_RESULT int kv_send_no_memory(struct client *client);

/* Unknown command. */
LINED_CHECK_RESULT int kv_send_unknown(struct client *client);

#endif
