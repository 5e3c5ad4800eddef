/*
 * Options that belong together. Pure.
 */
#ifndef OPTION_RULES_H
#define OPTION_RULES_H

#include "option_values.h"

#include <stdbool.h>

/* False: options that are set need another one, or exclude each other; message is then one line,
 * terminated, without an LF. Call it when all of them are read. */
bool option_rules_hold(const struct options *options, char message[OPTIONS_MESSAGE_SIZE]);

/* The name of an option for messages: the option, such as "--port", or its variable "LINED_PORT" if
 * the value comes from there. */
const char *options_name(const struct options *options, const char *option);

#endif
