/*
 * Errors of kv that show a client its own words, as many bytes of them as Redis shows.
 */
#ifndef KV_ERRORS_H
#define KV_ERRORS_H

#include "kv_connection.h"

/* "ERR <before><word><after>" */
LINED_CHECK_RESULT int kv_send_about(struct client *client, const char *before,
                                     const struct kv_bytes *word, const char *after);

/* There is no memory for it, and nothing has changed. */
LINED_CHECK_RESULT int kv_send_no_memory(struct client *client);

/* The client's command is none. */
LINED_CHECK_RESULT int kv_send_unknown(struct client *client);

#endif
