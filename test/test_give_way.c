#include "../src/back_off.h"
#include "../src/give_way.h"

#include "suite.h"

#define SHORT_NS 400000
#define SLICE_NS 3000000
#define LEAST    GIVE_WAY_PAUSE_LEAST_NS
#define MOST     GIVE_WAY_PAUSE_MOST_NS

static struct give_way shared;

static void turn(int64_t now_ns, int64_t turn_ns)
{
    give_way_note_turn(&shared, now_ns - turn_ns, now_ns);
}

START_TEST(short_turns_pay)
{
    turn(SLICE_NS, SHORT_NS);
    ck_assert_int_eq(shared.again_ns, 0);
    ck_assert_int_ge(give_way(&shared), 0);
}
END_TEST

START_TEST(a_long_turn_is_followed_by_a_pause)
{
    int64_t now = INT64_C(1) << 60; /* far from now, so that the pause is not over */

    turn(now, SLICE_NS);
    ck_assert_int_eq(shared.again_ns, now + LEAST);
    ck_assert_int_eq(give_way(&shared), -1);
}
END_TEST

START_TEST(one_long_turn_counts_once)
{
    int64_t now = SLICE_NS;

    for (int i = 0; i < 50; i++) /* so many waited through it */
        turn(now + i, SLICE_NS);
    ck_assert_int_eq(shared.pause_ns, LEAST);
    ck_assert_int_eq(shared.again_ns, now + LEAST);
}
END_TEST

START_TEST(pauses_double_while_long_turns_come_again)
{
    int64_t now = SLICE_NS;

    for (int64_t pause = LEAST; pause < MOST; pause *= 2) {
        turn(now, SLICE_NS);
        ck_assert_int_eq(shared.pause_ns, pause);
        now = shared.again_ns + SLICE_NS;
    }
    for (int i = 0; i < 2; i++) {
        turn(now, SLICE_NS);
        ck_assert_int_eq(shared.pause_ns, MOST);
        now = shared.again_ns + SLICE_NS;
    }
}
END_TEST

START_TEST(turns_longer_than_the_pause_double_it_too)
{
    turn(SLICE_NS, SLICE_NS);
    turn(shared.again_ns + 5 * LEAST + 1, 5 * LEAST);
    ck_assert_int_eq(shared.pause_ns, 2 * LEAST);
}
END_TEST

START_TEST(pauses_are_short_again_after_a_good_time)
{
    turn(SLICE_NS, SLICE_NS);
    turn(shared.again_ns + SLICE_NS, SLICE_NS);
    ck_assert_int_eq(shared.pause_ns, 2 * LEAST);
    turn(shared.again_ns + 2 * LEAST + SLICE_NS, SLICE_NS);
    ck_assert_int_eq(shared.pause_ns, LEAST);
}
END_TEST

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

int main(void)
{
    const TTest *const tests[] = {
        short_turns_pay,
        a_long_turn_is_followed_by_a_pause,
        one_long_turn_counts_once,
        pauses_double_while_long_turns_come_again,
        turns_longer_than_the_pause_double_it_too,
        pauses_are_short_again_after_a_good_time,
        misses_double_the_occasions_between_tries,
    };
    return suite_run("give_way", tests, sizeof tests / sizeof tests[0]);
}
