/*
 * Finds the handler: a built-in one, by its name, or one from a module.
 */
#ifndef HANDLER_H
#define HANDLER_H

#include "module.h"

#include <lined.h>

/* Finds the handler with this name. A name that contains a slash or ends in .so is the file of a
 * module. It stays loaded until the process ends, because its code may run until then. Returns NULL
 * on failure; message is then one line, terminated, without an LF. */
#define HANDLER_MESSAGE_SIZE MODULE_MESSAGE_SIZE
const struct lined_module *handler_find(const char *name, char message[HANDLER_MESSAGE_SIZE]);

#endif
