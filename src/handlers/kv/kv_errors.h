/*
 * Errors of kv that repeat words of the client, with the same maximum length as in Redis.
 */
#ifndef KV_ERRORS_H
#define KV_ERRORS_H

#include "kv_connection.h"

/* "ERR <before><word><after>" */
LINED_CHECK_RESULT int kv_send_about(struct client *client, const char *before,
                                     const struct kv_bytes *word, const char *after);

/* Out of memory; nothing has changed. */
LINED_CHECK_RESULT int kv_send_no_memory(struct client *client);

/* Unknown command. */
LINED_CHECK_RESULT int kv_send_unknown(struct client *client);

#endif
