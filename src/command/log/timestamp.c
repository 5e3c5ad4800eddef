#include "timestamp.h"

#include <stdbool.h>

#define US_PER_SECOND   INT64_C(1000000)
#define SECONDS_PER_DAY INT64_C(86400)

/* Years begin on 1 March, so that the leap day is the last day of a year. An era has 400 years. */
#define DAYS_BEFORE_1970 INT64_C(719468) /* from 1 March of the year 0 */
#define DAYS_PER_ERA     INT64_C(146097)

struct date {
    int64_t year;
    int64_t month;
    int64_t day;
};

static struct date date_of(int64_t days)
{
    int64_t since = days + DAYS_BEFORE_1970;
    int64_t era = since / DAYS_PER_ERA;
    int64_t day = since % DAYS_PER_ERA;
    int64_t year = (day - day / 1460 + day / 36524 - day / (DAYS_PER_ERA - 1)) / 365;
    int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    bool is_next_year = month >= 10;

    return (struct date){.year = era * 400 + year + is_next_year,
                         .month = is_next_year ? month - 9 : month + 3,
                         .day = day_of_year - (153 * month + 2) / 5 + 1};
}

/* Writes digits, with zeros before, and the character after them. */
static char *put(char *to, int64_t number, unsigned digits, char after)
{
    for (unsigned i = digits; i > 0; i--) {
        to[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    to[digits] = after;
    return to + digits + 1;
}

char *timestamp_put(char *to, int64_t us)
{
    int64_t seconds = us / US_PER_SECOND;
    int64_t of_day = seconds % SECONDS_PER_DAY;
    const struct date date = date_of(seconds / SECONDS_PER_DAY);

    to = put(to, date.year, 4, '-');
    to = put(to, date.month, 2, '-');
    to = put(to, date.day, 2, 'T');
    to = put(to, of_day / 3600, 2, ':');
    to = put(to, of_day / 60 % 60, 2, ':');
    to = put(to, of_day % 60, 2, '.');
    return put(to, us % US_PER_SECOND, 6, 'Z');
}
