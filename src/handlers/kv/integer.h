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

/* As many characters as the longest number has. */
#define INTEGER_MOST 20

/* Writes it in decimal, without a NUL; returns how many characters. As snprintf with %lld, but a
 * reply to each GET goes through here, and snprintf was a third of lined's own time for it. */
size_t integer_write(long long number, char text[INTEGER_MOST]);

#endif
