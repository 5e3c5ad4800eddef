#include "../src/grown.h"

#include "suite.h"

static struct grown grown;

static void begin(int count)
{
    for (int i = 0; i < count; i++)
        grown_begin(&grown);
}

/* Returns how often they had halved. */
static int end(int count)
{
    int halved = 0;

    for (int i = 0; i < count; i++)
        halved += grown_end(&grown);
    return halved;
}

START_TEST(few_are_no_burst)
{
    grown_init(&grown);
    begin(GROWN_MOST - 1);
    ck_assert_int_eq(end(GROWN_MOST - 1), 0);
    grown_deinit(&grown);
}
END_TEST

START_TEST(each_halving_is_told_once)
{
    grown_init(&grown);
    begin(4 * GROWN_MOST);
    ck_assert_int_eq(end(2 * GROWN_MOST - 1), 0);
    ck_assert_int_eq(end(1), 1); /* 2 * GROWN_MOST stay */
    ck_assert_int_eq(end(GROWN_MOST - 1), 0);
    ck_assert_int_eq(end(1), 1); /* GROWN_MOST */
    ck_assert_int_eq(end(GROWN_MOST / 2 - 1), 0);
    ck_assert_int_eq(end(1), 1);
    ck_assert_int_eq(end(GROWN_MOST / 2 - 1), 0); /* too few to halve */
    ck_assert_int_eq(end(1), 1);                  /* the last */
    grown_deinit(&grown);
}
END_TEST

START_TEST(the_next_burst_is_told_too)
{
    grown_init(&grown);
    for (int burst = 0; burst < 2; burst++) {
        begin(GROWN_MOST);
        ck_assert_int_eq(end(GROWN_MOST), 2);
        begin(1);
        ck_assert_int_eq(end(1), 0); /* that is over */
    }
    grown_deinit(&grown);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        few_are_no_burst,
        each_halving_is_told_once,
        the_next_burst_is_told_too,
    };
    return suite_run("grown", tests, sizeof tests / sizeof tests[0]);
}
