/*
 * The worker that lined serves: one of its own by name, or one loaded from a module.
 */
#ifndef WORKER_H
#define WORKER_H

#include <lined.h>

/* Finds the worker of that name. A name with a slash, or one that ends in .so, is a module's file;
 * it stays loaded until the process ends, because its code may run until then. NULL: message has
 * one line, terminated, without an LF, that says why. */
#define WORKER_MESSAGE_SIZE 512
const struct lined_worker *worker_find(const char *name, char message[WORKER_MESSAGE_SIZE]);

#endif
