/*
 * Integers of 64 bits in the notation of Redis: digits, optionally after a minus; no blanks, no +,
 * no leading zeros, no -0.
 */
#ifndef INTEGER_H
#define INTEGER_H

#include <stdbool.h>
#include <stddef.h>

/* False: these bytes are not an integer. */
bool integer_read(const char *bytes, size_t size, long long *number);

/* The maximum number of characters. */
#define INTEGER_MOST 20

/* Writes the number in decimal, without a NUL; returns the number of characters. Faster than
 * snprintf with %lld, which took a third of lined's own time for a GET. */
size_t integer_write(long long number, char text[INTEGER_MOST]);

#endif
