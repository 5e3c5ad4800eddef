/*
 * The options of the handler kv, from the command line to the handler.
 */
#ifndef KV_OPTIONS_H
#define KV_OPTIONS_H

#include "options.h"

#include <stdbool.h>

#define KV_OPTIONS_MESSAGE_SIZE 512

/* If the handler is kv: reads the password file, and chooses max_memory if the user has not set it.
 * Call it before privileges are dropped, and before the sandbox. root as in limits_read. Returns
 * false after a failure; message is then one line, terminated, without an LF. */
bool kv_options_prepare(struct options *options, const char *root,
                        char message[KV_OPTIONS_MESSAGE_SIZE]);

/* The context for the init function of the handler: the settings if it is kv, otherwise NULL. The
 * handler uses the options until it ends. */
void *kv_options_context(const struct options *options);

/* Writes how much the handler stores, and returns true; false: the handler is another one.
 * *is_warning: it is more than the system allows. */
bool kv_options_text(const struct options *options, char text[KV_OPTIONS_MESSAGE_SIZE],
                     bool *is_warning);

/* A message with this text. */
void kv_options_report(const struct options *options);

#endif
