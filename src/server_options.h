/*
 * The options and the handler of a server: their defaults, and whether they are allowed.
 */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "lined.h"

#include <stdbool.h>

bool options_are_valid(const struct lined_options *options);

bool handler_is_valid(const struct lined_handler *handler, enum lined_mode mode);

#endif
