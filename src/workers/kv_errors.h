/*
 * Errors of kv that show a client its own words, as many bytes of them as Redis shows.
 */
#ifndef KV_ERRORS_H
#define KV_ERRORS_H

#include "kv_commands.h"

/* "ERR <before><word><after>" */
int kv_send_about(struct client *client, const char *before, const struct resp_argument *word,
                  const char *after);

/* The client's command is none. */
int kv_send_unknown(struct client *client);

#endif
