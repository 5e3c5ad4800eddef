/*
 * The handler that lined serves with: a built-in one, by name, or one that is loaded from a module.
 */
#ifndef HANDLER_H
#define HANDLER_H

#include <lined.h>

/* Finds the handler of that name. A name with a slash, or one that ends in .so, is a module's file;
 * it stays loaded until the process ends, because its code may run until then. NULL: message has
 * one line, terminated, without an LF, that says why. */
#define HANDLER_MESSAGE_SIZE 512
const struct lined_module *handler_find(const char *name, char message[HANDLER_MESSAGE_SIZE]);

#endif
