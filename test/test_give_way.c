#include "../src/give_way.h"

#include "suite.h"

#define SHORT_NS 400000
#define SLICE_NS 3000000

START_TEST(misses_double_the_occasions_between_tries)
{
    struct back_off back_off = {0};

    ck_assert(back_off_is_due(&back_off));
    ck_assert(back_off_is_due(&back_off)); /* each time, while nothing is missed */
    for (int misses = 1; misses <= BACK_OFF_MISSES_MOST + 2; misses++) {
        int exponent = misses < BACK_OFF_MISSES_MOST ? misses : BACK_OFF_MISSES_MOST;
        int skipped = 0;
        back_off_missed(&back_off);
        while (!back_off_is_due(&back_off))
            skipped++;
        ck_assert_int_eq(skipped, (1 << exponent) - 1);
    }
    back_off_paid(&back_off);
    back_off_missed(&back_off);
    ck_assert_uint_eq(back_off.skip, 1); /* from the beginning */
}
END_TEST

START_TEST(long_turns_of_others_end_the_giving_way)
{
    struct back_off back_off = {0};

    give_way_note_turn(&back_off, SHORT_NS);
    ck_assert_uint_eq(back_off.skip, 0);
    give_way_note_turn(&back_off, SLICE_NS);
    ck_assert_uint_eq(back_off.skip, 1);
    ck_assert_int_eq(give_way(&back_off), -1); /* not tried */
    ck_assert_int_ge(give_way(&back_off), 0);
}
END_TEST

START_TEST(a_short_turn_makes_good)
{
    struct back_off back_off = {0};

    for (int i = 0; i < 5; i++)
        give_way_note_turn(&back_off, SLICE_NS);
    give_way_note_turn(&back_off, SHORT_NS);
    ck_assert_uint_eq(back_off.misses, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        misses_double_the_occasions_between_tries,
        long_turns_of_others_end_the_giving_way,
        a_short_turn_makes_good,
    };
    return suite_run("give_way", tests, sizeof tests / sizeof tests[0]);
}
