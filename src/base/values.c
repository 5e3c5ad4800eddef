#include "values.h"

#include <stddef.h>
#include <string.h>

bool value_number(const char *value, uint32_t min, uint32_t max, uint32_t *number)
{
    uint64_t sum = 0;

    if (*value == '\0')
        return false;
    for (; *value != '\0'; value++) {
        if (*value < '0' || *value > '9')
            return false;
        sum = sum * 10 + (uint64_t)(*value - '0');
        if (sum > max)
            return false;
    }
    *number = (uint32_t)sum;
    return sum >= min;
}

/* What the suffix multiplies by; 0: it is none. */
static uint64_t unit_of(const char *suffix)
{
    static const char *const suffixes[] = {"", "k", "K", "m", "M", "g", "G", NULL};
    int index = value_word(suffix, suffixes);

    return index < 0 ? 0 : UINT64_C(1) << (index + 1) / 2 * 10;
}

bool value_size(const char *value, uint64_t min, uint64_t max, uint64_t *bytes)
{
    size_t digits = strspn(value, "0123456789");
    uint64_t unit = unit_of(value + digits);
    uint64_t number = 0;

    if (digits == 0 || unit == 0)
        return false;
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (uint64_t)(value[i] - '0');
        if (number > max / unit)
            return false;
    }
    *bytes = number * unit;
    return *bytes >= min;
}

bool value_seconds(const char *value, uint32_t *ms)
{
    enum { SECONDS_MAX = 1000000 };
    size_t whole_digits = strspn(value, "0123456789");
    const char *fraction = value + whole_digits + (value[whole_digits] == '.');
    size_t fraction_digits = strspn(fraction, "0123456789");
    uint64_t total = 0;

    if (fraction[fraction_digits] != '\0' || whole_digits + fraction_digits == 0)
        return false;
    for (size_t i = 0; i < whole_digits && total <= SECONDS_MAX; i++)
        total = total * 10 + (uint64_t)(value[i] - '0');
    if (total > SECONDS_MAX)
        return false;
    total *= 1000;
    for (size_t i = 0, weight = 100; i < fraction_digits && i < 3; i++, weight /= 10)
        total += (uint64_t)(fraction[i] - '0') * weight;
    if (fraction_digits > 3 && strspn(fraction + 3, "0") < fraction_digits - 3)
        total++;
    *ms = (uint32_t)total;
    return total <= (uint64_t)SECONDS_MAX * 1000;
}

int value_word(const char *value, const char *const words[])
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0)
            return i;
    }
    return -1;
}
