/*
 * The options and the handler of a server: their defaults, and whether they are allowed.
 */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include "lined.h"

#include <stdbool.h>
#include <stddef.h>

bool options_are_valid(const struct lined_options *options);

/* True if the options differ only in fields that a running server can change. Texts, port
 * and the observer do not count. */
bool options_can_follow(const struct lined_options *options, const struct lined_options *before);

/* The stack of each thread that runs callbacks, in bytes. */
size_t options_stack_size(const struct lined_options *options);

/* LINED_OK; -EINVAL, or -E2BIG for a callback that this library does not know. */
int handler_check(const struct lined_handler *handler, enum lined_mode mode);

#endif
