/*
 * Loads modules: shared libraries with a handler that is not part of lined.
 */
#ifndef MODULE_H
#define MODULE_H

#include <lined.h>

/* Loads the file until the process ends, and checks what the module exports before any of it is
 * used. Returns NULL after a failure; message is then one line, terminated, without an LF. A lined
 * that is linked statically rejects every file. */
#define MODULE_MESSAGE_SIZE 512
const struct lined_module *module_load(const char *name, char message[MODULE_MESSAGE_SIZE]);

#endif
