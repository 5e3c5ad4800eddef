#include "../src/command/rate_limit.h"

#include "suite.h"

#include <stddef.h>

static struct rate_limit rate_limit;

START_TEST(the_first_is_said_and_the_others_are_counted)
{
    ck_assert(rate_limit_take(&rate_limit, 1, 5000));
    ck_assert(!rate_limit_take(&rate_limit, 1, 5000));
    ck_assert(!rate_limit_take(&rate_limit, 1, 5999));
    ck_assert_uint_eq(rate_limit_due(&rate_limit, 5999), 0);
    ck_assert_uint_eq(rate_limit_due(&rate_limit, 6000), 2);
    ck_assert_uint_eq(rate_limit_due(&rate_limit, 6000), 0);
}
END_TEST

START_TEST(seldom_ones_are_all_said)
{
    for (int64_t now = 1; now < 10000; now += RATE_LIMIT_MS) {
        ck_assert_uint_eq(rate_limit_due(&rate_limit, now), 0);
        ck_assert(rate_limit_take(&rate_limit, 1, now));
    }
    ck_assert_uint_eq(rate_limit_end(&rate_limit), 0);
}
END_TEST

/* For as long as they keep coming: one line a second, and every warning is in one of them. */
START_TEST(a_long_trouble_is_a_line_a_second)
{
    uint64_t said = 0, counted = 0, lines = 0;

    for (int64_t now = 10000; now < 20000; now += 10) {
        uint64_t due = rate_limit_due(&rate_limit, now);
        counted += due;
        lines += due > 0;
        if (rate_limit_take(&rate_limit, 1, now)) {
            said++;
            lines++;
        }
    }
    ck_assert_uint_eq(said, 1);
    ck_assert_uint_eq(lines, 10);
    ck_assert_uint_eq(said + counted + rate_limit_end(&rate_limit), 1000);
}
END_TEST

START_TEST(after_a_quiet_second_the_text_is_said_again)
{
    ck_assert(rate_limit_take(&rate_limit, 1, 1000));
    ck_assert(!rate_limit_take(&rate_limit, 1, 1500));
    ck_assert_uint_eq(rate_limit_due(&rate_limit, 2000), 1);
    ck_assert(!rate_limit_take(&rate_limit, 1, 2999)); /* not quiet yet */
    ck_assert_uint_eq(rate_limit_due(&rate_limit, 3000), 1);
    ck_assert_uint_eq(rate_limit_due(&rate_limit, 4000), 0);
    ck_assert(rate_limit_take(&rate_limit, 1, 4000));
}
END_TEST

START_TEST(many_at_once_are_one_and_the_rest)
{
    ck_assert(rate_limit_take(&rate_limit, 700, 1));
    ck_assert(!rate_limit_take(&rate_limit, 300, 2));
    ck_assert_uint_eq(rate_limit_end(&rate_limit), 999);
    ck_assert_uint_eq(rate_limit_end(&rate_limit), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_first_is_said_and_the_others_are_counted,
        seldom_ones_are_all_said,
        a_long_trouble_is_a_line_a_second,
        after_a_quiet_second_the_text_is_said_again,
        many_at_once_are_one_and_the_rest,
    };
    return suite_run("coalesce", tests, sizeof tests / sizeof tests[0]);
}
