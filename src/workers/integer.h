/*
 * Whole numbers as Redis takes them: digits and perhaps a minus, no blanks, no +, no leading zeros,
 * no -0, 64 bits.
 */
#ifndef INTEGER_H
#define INTEGER_H

#include <stdbool.h>
#include <stddef.h>

/* False: these bytes are none. */
bool integer_read(const char *bytes, size_t size, long long *number);

#endif
