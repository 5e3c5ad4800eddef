#include "../src/conn/deadlines.h"

#include <lined.h>

#include "suite.h"

#include <stddef.h>

static struct deadlines deadlines;

static void begin(uint32_t idle_ms, uint32_t line_ms, uint32_t session_ms)
{
    deadlines_init(&deadlines, idle_ms, line_ms, session_ms, 1000);
}

START_TEST(without_timeouts_the_clock_is_not_needed)
{
    begin(0, 0, 0);
    ck_assert(!deadlines_need_now(&deadlines));
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 0, true), 0);
    ck_assert(!deadlines_set_sleep(&deadlines, 0));
    deadlines_received_nothing(&deadlines);
    ck_assert(!deadlines_are_running(&deadlines));
    ck_assert(!deadlines_check_is_due(&deadlines));
    ck_assert_int_eq(deadlines_passed(&deadlines, INT64_MAX), LINED_OK);
    ck_assert_int_eq(deadlines_poll_timeout(&deadlines, 5, 0), -1);
    ck_assert_int_eq(deadlines_poll_timeout(&deadlines, 5, 70), 70);
}
END_TEST

START_TEST(the_idle_deadline_runs_while_nothing_comes)
{
    begin(100, 0, 0);
    ck_assert(deadlines_need_now(&deadlines));
    ck_assert(!deadlines_are_running(&deadlines));
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 5000, false), 100);
    ck_assert(deadlines_are_running(&deadlines));
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 5060, false), 40);
    ck_assert_int_eq(deadlines_passed(&deadlines, 5099), LINED_OK);
    ck_assert_int_eq(deadlines_passed(&deadlines, 5100), LINED_IDLE_TIMEOUT);
    deadlines_received(&deadlines);
    ck_assert_int_eq(deadlines_passed(&deadlines, 5100), LINED_OK);
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 6000, true), 100);
}
END_TEST

START_TEST(a_byte_does_not_extend_a_lines_deadline)
{
    begin(0, 100, 0);
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 5000, false), 0); /* no line is begun */
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 5000, true), 100);
    for (int64_t now = 5010; now < 5100; now += 10) {
        deadlines_received(&deadlines);
        ck_assert_int_eq(deadlines_passed(&deadlines, now), LINED_OK);
        ck_assert_uint_eq(deadlines_begin_wait(&deadlines, now, true), 5100 - now);
    }
    ck_assert_int_eq(deadlines_passed(&deadlines, 5100), LINED_LINE_TIMEOUT);
    deadlines_line_ended(&deadlines);
    ck_assert_int_eq(deadlines_passed(&deadlines, 5100), LINED_OK);
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 5100, true), 100);
}
END_TEST

START_TEST(the_soonest_deadline_ends_a_wait)
{
    begin(500, 400, 3000); /* the session ends at 4000 */
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 2000, false), 500);
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 2000, true), 400);
    deadlines.handler = 2300;
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 2000, true), 300);
    ck_assert_int_eq(deadlines_passed(&deadlines, 2300), LINED_DEADLINE);
    ck_assert_int_eq(deadlines_passed(&deadlines, 2400), LINED_LINE_TIMEOUT);
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 3950, true), 1); /* others have passed */
    ck_assert_int_eq(deadlines_passed(&deadlines, 4000), LINED_SESSION_TIMEOUT);
    deadlines_received(&deadlines);
    deadlines_line_ended(&deadlines);
    deadlines.handler = 0;
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 3950, false), 50);
}
END_TEST

START_TEST(a_session_that_waited_too_long_is_looked_at_next)
{
    begin(0, 0, 50);
    ck_assert(deadlines_check_is_due(&deadlines)); /* the first line */
    ck_assert(!deadlines_check(&deadlines, 1000));
    ck_assert(!deadlines_check_is_due(&deadlines));
    ck_assert_uint_eq(deadlines_begin_wait(&deadlines, 1050, false), 1);
    ck_assert(deadlines_check_is_due(&deadlines));
    ck_assert(deadlines_check(&deadlines, 1050));
    ck_assert(!deadlines_check_is_due(&deadlines));
    deadlines_received_nothing(&deadlines); /* as far as its end, perhaps */
    ck_assert(deadlines_check_is_due(&deadlines));
}
END_TEST

/* How many lines there are from one look to the next. */
static unsigned lines_to_look(void)
{
    unsigned lines = 1;

    while (!deadlines_check_is_due(&deadlines))
        lines++;
    return lines;
}

START_TEST(quick_lines_are_looked_at_seldom_and_slow_ones_each)
{
    unsigned expected = 1;

    begin(0, 0, 1000000);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(lines_to_look(), expected);
        ck_assert(!deadlines_check(&deadlines, 1000));
        expected = expected * 2 < 16 ? expected * 2 : 16;
    }
    ck_assert_uint_eq(lines_to_look(), 16);
    for (int64_t now = 1100; now < 2000; now += 100) {
        ck_assert(!deadlines_check(&deadlines, now));
        ck_assert_uint_eq(lines_to_look(), 1);
    }
    for (int i = 0; i < 10; i++)
        ck_assert(!deadlines_check(&deadlines, 2000));
    deadlines_reset_skip(&deadlines);
    ck_assert_uint_eq(lines_to_look(), 1);
}
END_TEST

START_TEST(a_stalled_send_looks_in_time)
{
    begin(0, 0, 1000); /* ends at 2000 */
    ck_assert_int_eq(deadlines_poll_timeout(&deadlines, 1000, 0), 1000);
    ck_assert_int_eq(deadlines_poll_timeout(&deadlines, 1000, 300), 300);
    ck_assert_int_eq(deadlines_poll_timeout(&deadlines, 1900, 300), 100);
    ck_assert_int_eq(deadlines_poll_timeout(&deadlines, 2500, 300), 0);
    ck_assert(!deadlines_session_is_over(&deadlines, 1999));
    ck_assert(deadlines_session_is_over(&deadlines, 2000));
}
END_TEST

/* A nap may take an eighth longer than it was set: how late a wait ends at most. */
static int64_t late(uint32_t wait)
{
    return (int64_t)deadlines.sleep_ms + deadlines.sleep_ms / 8 - (int64_t)wait;
}

START_TEST(naps_end_in_time_whatever_the_wait)
{
    begin(0, 0, 0);
    for (uint32_t wait = 1; wait < 1000000000; wait += wait / 3 + 1) {
        deadlines_set_sleep(&deadlines, wait); /* from short to long: a short one is kept */
        ck_assert_uint_gt(deadlines.sleep_ms, 0);
        ck_assert_int_le(late(wait), 100);
    }
    for (uint32_t wait = 1000000000; wait > 0; wait -= wait / 3 + 1) {
        deadlines_set_sleep(&deadlines, wait);
        ck_assert_uint_gt(deadlines.sleep_ms, 0);
        ck_assert_int_le(late(wait), 100);
    }
}
END_TEST

/* What is left of a wait after naps in vain, each late by an eighth. */
START_TEST(a_long_wait_takes_few_naps)
{
    int64_t left = 86400000;
    int naps = 0;

    begin(0, 0, 0);
    while (left > 0) {
        deadlines_set_sleep(&deadlines, (uint32_t)left);
        left -= deadlines.sleep_ms + deadlines.sleep_ms / 8;
        deadlines_received_nothing(&deadlines);
        naps++;
    }
    ck_assert_int_ge(left, -100);
    ck_assert_int_le(naps, 8);
}
END_TEST

START_TEST(a_nap_is_seldom_set_anew)
{
    begin(0, 0, 0);
    ck_assert(deadlines_set_sleep(&deadlines, 500));
    ck_assert(!deadlines_set_sleep(&deadlines, 60000)); /* shorter than it needs to be */
    ck_assert(!deadlines_set_sleep(&deadlines, 0));
    deadlines_received_nothing(&deadlines);
    ck_assert(deadlines_set_sleep(&deadlines, 0)); /* it was in vain */
    ck_assert_uint_eq(deadlines.sleep_ms, 0);
    deadlines_received(&deadlines);
    ck_assert(!deadlines_set_sleep(&deadlines, 0));

    /* A byte each 10 ms for a minute: a hundred sleeps a second, but few calls. */
    int calls = 0;
    for (uint32_t wait = 60000; wait > 1000; wait -= 10)
        calls += deadlines_set_sleep(&deadlines, wait);
    ck_assert_int_ge(calls, 1);
    ck_assert_int_le(calls, 300);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        without_timeouts_the_clock_is_not_needed,
        the_idle_deadline_runs_while_nothing_comes,
        a_byte_does_not_extend_a_lines_deadline,
        the_soonest_deadline_ends_a_wait,
        a_session_that_waited_too_long_is_looked_at_next,
        quick_lines_are_looked_at_seldom_and_slow_ones_each,
        a_stalled_send_looks_in_time,
        naps_end_in_time_whatever_the_wait,
        a_long_wait_takes_few_naps,
        a_nap_is_seldom_set_anew,
    };
    return suite_run("deadlines", tests, sizeof tests / sizeof tests[0]);
}
