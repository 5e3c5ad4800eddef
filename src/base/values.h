/*
 * Words of a user's, read as values. Pure. Nothing depends on the locale.
 */
#ifndef VALUES_H
#define VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number from min to max. Digits only: no sign, no space, no suffix. */
bool value_number(const char *value, uint32_t min, uint32_t max, uint32_t *number);

/* A number of bytes from min to max. It may end with k, M or G, in either case: 1024, 1024^2 or
 * 1024^3 bytes. */
bool value_size(const char *value, uint64_t min, uint64_t max, uint64_t *bytes);

/* Seconds such as 5, 0.25 or .5, at most a million, as milliseconds. A rest below a millisecond is
 * rounded up, because 0 often means something else. */
bool value_seconds(const char *value, uint32_t *ms);

/* The index of value among the words, which end with NULL; -1 if it is none. */
int value_word(const char *value, const char *const words[]);

#endif
