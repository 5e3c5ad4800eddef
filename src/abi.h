/*
 * Structs that programs pass, built with this version's lined.h or with an older or newer one. Each
 * new field goes behind the last one, and 0 means "as before", so only the sizes have to be
 * compared.
 */
#ifndef ABI_H
#define ABI_H

#include "lined.h"

#include <stdbool.h>
#include <stddef.h>

/* Copies the program's options; fields that it does not know get their defaults. LINED_OK; -EINVAL
 * if they were not initialised; -E2BIG if a field that this library does not know is set. */
int abi_read_options(struct lined_options *options, const struct lined_options *program);

/* Copies as much of a result as the program has room for, and sets the rest of its room to 0. */
void abi_write(void *program, size_t program_size, const void *result, size_t result_size);

/* False: a callback that this library does not know is set. */
bool abi_knows_handler(const struct lined_handler *handler);
bool abi_knows_observer(const struct lined_observer *observer);

#endif
