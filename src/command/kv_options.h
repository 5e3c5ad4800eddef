/*
 * The options of the handler kv, from the command line to the handler.
 */
#ifndef KV_OPTIONS_H
#define KV_OPTIONS_H

#include "options.h"

#include <stdbool.h>

#define KV_OPTIONS_MESSAGE_SIZE 512

/* If the handler is kv: reads the password file, chooses max_memory if the user has not set it, and
 * passes the settings to the handler, which uses options until it ends. Call it before privileges
 * are dropped, and before the sandbox. root as in limits_read. Returns false after a failure;
 * message is then one line, terminated, without an LF. */
bool kv_options_prepare(struct options *options, const char *root,
                        char message[KV_OPTIONS_MESSAGE_SIZE]);

/* Writes how much the handler stores, and returns true; false: the handler is another one.
 * *is_warning: it is more than the system allows. */
bool kv_options_text(const struct options *options, char text[KV_OPTIONS_MESSAGE_SIZE],
                     bool *is_warning);

/* A message with this text. */
void kv_options_report(const struct options *options);

#endif
