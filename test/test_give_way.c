#define _GNU_SOURCE /* CPU_SET */
#include "../src/back_off.h"
#include "../src/give_way.h"
#include "../src/monotonic.h"

#include "suite.h"

#include <sched.h>

#define SHORT_NS 400000
#define SLICE_NS 3000000
#define LEAST    GIVE_WAY_PAUSE_LEAST_NS
#define MOST     GIVE_WAY_PAUSE_MOST_NS
#define MISSES   (GIVE_WAY_MISSES_MOST / GIVE_WAY_MISS)

static struct give_way_core core;

static void turn(int64_t now_ns, int64_t turn_ns)
{
    give_way_note_turn(&core, now_ns - turn_ns, now_ns);
}

START_TEST(short_turns_pay)
{
    turn(SLICE_NS, SHORT_NS);
    ck_assert_int_eq(core.again_ns, 0);
}
END_TEST

START_TEST(a_long_turn_is_followed_by_a_pause)
{
    int64_t now = INT64_C(1) << 60; /* far from now, so that the pause is not over */

    turn(now, SLICE_NS);
    ck_assert_int_eq(core.again_ns, now + LEAST);
    ck_assert(core.is_shut);
}
END_TEST

/* Stays on the core that it is on; returns its place. */
static int stay_on_core(void)
{
    cpu_set_t one;
    int cpu = sched_getcpu();

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    return cpu % GIVE_WAY_CORES;
}

START_TEST(a_pause_is_one_core_s)
{
    static struct give_way shared;
    int here = stay_on_core();

    ck_assert_int_ge(give_way(&shared), 0);
    for (int i = 0; i < GIVE_WAY_CORES; i++)
        atomic_store(&shared.cores[i].again_ns, i == here ? 0 : INT64_MAX);
    ck_assert_int_ge(give_way(&shared), 0);
    atomic_store(&shared.cores[here].again_ns, INT64_MAX);
    ck_assert_int_eq(give_way(&shared), -1);
}
END_TEST

START_TEST(after_a_pause_one_tries_alone)
{
    static struct give_way shared;
    struct give_way_core *here = &shared.cores[stay_on_core()];

    atomic_store(&here->is_shut, true);
    atomic_store(&here->is_tried, true); /* somebody does */
    ck_assert_int_eq(give_way(&shared), -1);
    atomic_store(&here->is_tried, false);
    /* Another program may have a long turn by chance: then there is another pause. */
    while (give_way(&shared) > GIVE_WAY_LONG_NS)
        atomic_store(&here->again_ns, 0);
    ck_assert(!atomic_load(&here->is_tried));
    ck_assert(!atomic_load(&here->is_shut));
    atomic_store(&here->is_tried, true); /* no matter any more */
    ck_assert_int_ge(give_way(&shared), 0);
}
END_TEST

static void pay(struct give_way *shared, int times, bool paid)
{
    for (int i = 0; i < times; i++)
        give_way_note_paid(shared, paid);
}

START_TEST(turns_in_vain_are_followed_by_a_pause)
{
    static struct give_way shared;
    struct give_way_core *here = &shared.cores[stay_on_core()];
    int64_t before = monotonic_ns();

    pay(&shared, MISSES - 1, false);
    ck_assert(!here->is_shut);
    pay(&shared, 1, false);
    ck_assert(here->is_shut);
    ck_assert_int_ge(here->again_ns, before + LEAST);
    int64_t again = here->again_ns;
    pay(&shared, MISSES, false); /* of the same crowd: that is known */
    ck_assert_int_eq(here->again_ns, again);
    here->again_ns = before; /* the pause is over */
    here->misses = GIVE_WAY_MISSES_MOST / 2;
    pay(&shared, MISSES / 2, false); /* less patience, and a longer pause */
    ck_assert_int_eq(here->pause_ns, 2 * LEAST);
}
END_TEST

START_TEST(turns_that_pay_make_up_for_others)
{
    static struct give_way shared;
    struct give_way_core *here = &shared.cores[stay_on_core()];

    pay(&shared, 3, true);
    ck_assert_int_eq(here->misses, 0);
    for (int i = 0; i < 10 * MISSES; i++) {
        pay(&shared, 1, false);
        pay(&shared, GIVE_WAY_MISS, true);
    }
    ck_assert_int_eq(here->misses, 0);
    ck_assert(!here->is_shut);
}
END_TEST

static void pay_apart(struct give_way *shared, int times, bool paid)
{
    for (int i = 0; i < times; i++)
        give_way_note_apart(shared, paid);
}

START_TEST(turns_that_always_pay_beside_a_sender_apart_are_followed_by_a_pause)
{
    static struct give_way shared;
    struct give_way_core *here = &shared.cores[stay_on_core()];
    int64_t before = monotonic_ns();

    pay_apart(&shared, GIVE_WAY_PLENTY_MOST - 1, true);
    ck_assert(!here->is_shut);
    pay_apart(&shared, 1, true);
    ck_assert(here->is_shut);
    ck_assert_int_ge(here->again_ns, before + LEAST);
    /* Less patience, and a longer pause; tried until no other program had the core meanwhile. */
    do {
        here->pause_ns = LEAST;
        here->again_ns = monotonic_ns(); /* the pause is over */
        pay_apart(&shared, GIVE_WAY_PLENTY_MOST / 2, true);
    } while (here->pause_ns == LEAST);
    ck_assert_int_eq(here->pause_ns, 2 * LEAST);
}
END_TEST

START_TEST(turns_in_vain_keep_it_from_that)
{
    static struct give_way shared;
    struct give_way_core *here = &shared.cores[stay_on_core()];

    pay_apart(&shared, 1, false);
    ck_assert_int_eq(here->plenty, 0);
    for (int i = 0; i < GIVE_WAY_PLENTY_MOST; i++) {
        pay_apart(&shared, GIVE_WAY_PLENTY_LESS, true);
        pay_apart(&shared, 1, false);
    }
    ck_assert_int_eq(here->plenty, 0);
    ck_assert(!here->is_shut);
}
END_TEST

/* In a pause, too, they come to give way. */
START_TEST(a_core_is_used_where_threads_came_lately)
{
    static struct give_way shared;
    int cpu = stay_on_core();
    struct give_way_core *here = &shared.cores[cpu];

    ck_assert(!give_way_is_used(&shared, cpu));
    atomic_store(&here->again_ns, INT64_MAX);
    /* Who comes is known for so long; another program may have had the core meanwhile. */
    do
        ck_assert_int_eq(give_way(&shared), -1);
    while (!give_way_is_used(&shared, cpu));
    ck_assert(!give_way_is_used(&shared, cpu + 1));
    atomic_store(&here->used_ns, monotonic_ns() - GIVE_WAY_USED_NS);
    ck_assert(!give_way_is_used(&shared, cpu));
}
END_TEST

START_TEST(one_long_turn_counts_once)
{
    int64_t now = SLICE_NS;

    for (int i = 0; i < 50; i++) /* so many waited through it */
        turn(now + i, SLICE_NS);
    ck_assert_int_eq(core.pause_ns, LEAST);
    ck_assert_int_eq(core.again_ns, now + LEAST);
}
END_TEST

START_TEST(pauses_double_while_long_turns_come_again)
{
    int64_t now = SLICE_NS;

    for (int64_t pause = LEAST; pause < MOST; pause *= 2) {
        turn(now, SLICE_NS);
        ck_assert_int_eq(core.pause_ns, pause);
        now = core.again_ns + SLICE_NS;
    }
    for (int i = 0; i < 2; i++) {
        turn(now, SLICE_NS);
        ck_assert_int_eq(core.pause_ns, MOST);
        now = core.again_ns + SLICE_NS;
    }
}
END_TEST

START_TEST(turns_longer_than_the_pause_double_it_too)
{
    turn(SLICE_NS, SLICE_NS);
    turn(core.again_ns + 5 * LEAST + 1, 5 * LEAST);
    ck_assert_int_eq(core.pause_ns, 2 * LEAST);
}
END_TEST

START_TEST(pauses_are_short_again_after_a_good_time)
{
    turn(SLICE_NS, SLICE_NS);
    turn(core.again_ns + SLICE_NS, SLICE_NS);
    ck_assert_int_eq(core.pause_ns, 2 * LEAST);
    turn(core.again_ns + 2 * LEAST + SLICE_NS, SLICE_NS);
    ck_assert_int_eq(core.pause_ns, LEAST);
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
        a_pause_is_one_core_s,
        after_a_pause_one_tries_alone,
        turns_in_vain_are_followed_by_a_pause,
        turns_that_pay_make_up_for_others,
        turns_that_always_pay_beside_a_sender_apart_are_followed_by_a_pause,
        turns_in_vain_keep_it_from_that,
        a_core_is_used_where_threads_came_lately,
        one_long_turn_counts_once,
        pauses_double_while_long_turns_come_again,
        turns_longer_than_the_pause_double_it_too,
        pauses_are_short_again_after_a_good_time,
        misses_double_the_occasions_between_tries,
    };
    return suite_run("give_way", tests, sizeof tests / sizeof tests[0]);
}
