#include "integer.h"

#include <string.h>

bool integer_read(const char *bytes, size_t size, long long *number)
{
    bool is_negative = size > 0 && bytes[0] == '-';
    size_t first = is_negative ? 1 : 0;
    long long value = 0;

    if (size == first)
        return false;
    if (bytes[first] == '0' && size > 1)
        return false;
    for (size_t i = first; i < size; i++) {
        int digit = bytes[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        /* Counts away from zero with the sign of the number: the minimum has no positive
         * counterpart. */
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, is_negative ? -digit : digit, &value))
            return false;
    }
    *number = value;
    return true;
}

size_t integer_write(long long number, char text[INTEGER_MOST])
{
    char digits[INTEGER_MOST];
    char *first = digits + sizeof digits;
    /* Unsigned, because the minimum has no positive counterpart. */
    unsigned long long left = number < 0 ? -(unsigned long long)number : (unsigned long long)number;

    do {
        *--first = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        *--first = '-';
    size_t size = (size_t)(digits + sizeof digits - first);
    memcpy(text, first, size);
    return size;
}
