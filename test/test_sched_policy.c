#define _GNU_SOURCE /* SCHED_BATCH */
#include "../src/sched_policy.h"

#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LOOK  SCHED_POLICY_LOOK_NS
#define LEAST SCHED_POLICY_PAUSE_LEAST_NS
#define MOST  SCHED_POLICY_PAUSE_MOST_NS

#define OFTEN SCHED_POLICY_OFTEN

/* A server, its clock, and a thread of it that looks. */
static struct sched_policy policy;
static struct sched_thread thread;
static int64_t now;

/* Looks so often; before each, so many receives have brought so many bytes. */
static void look(int times, unsigned receives, size_t bytes)
{
    for (int i = 0; i < times; i++) {
        for (unsigned r = 0; r < receives; r++)
            sched_policy_note(&policy, bytes / receives);
        now += LOOK;
        sched_policy_follow_at(&policy, &thread, now);
    }
}

static void begin(void)
{
    sched_policy_init(&policy);
    thread = (struct sched_thread){.is_left_alone = true}; /* what it runs under is no matter */
    now = 0;
    look(1, 0, 0);
}

/* SCHED_BATCH begins, and brings so much of what there was before. */
static void try_batch(int percent)
{
    look(1, 2 * OFTEN, 100000);
    ck_assert(policy.is_batch);
    look(1, 2 * OFTEN, 1000); /* not all have followed yet */
    ck_assert(policy.is_batch);
    look(2, 2 * OFTEN, 1000 * (size_t)percent);
}

START_TEST(who_receives_often_waits_for_its_turn)
{
    begin();
    ck_assert(!policy.is_batch);
    try_batch(130);
    look(100, 2 * OFTEN, 130000);
    ck_assert(policy.is_batch);
}
END_TEST

START_TEST(who_receives_seldom_does_not)
{
    begin();
    look(100, OFTEN / 2, 1000000);
    ck_assert(!policy.is_batch);
    try_batch(130);
    look(1, OFTEN / 2, 130000);
    ck_assert(!policy.is_batch);
}
END_TEST

/* What came before the first look came in nobody knows what time. */
START_TEST(the_first_look_only_begins)
{
    sched_policy_init(&policy);
    thread = (struct sched_thread){.is_left_alone = true};
    now = 0;
    look(1, 1000 * OFTEN, 1000000);
    ck_assert(!policy.is_batch);
}
END_TEST

START_TEST(who_receives_less_pauses)
{
    begin();
    try_batch(20); /* a program computes there */
    ck_assert(!policy.is_batch);
    look((int)(LEAST / LOOK) - 1, 2 * OFTEN, 100000);
    ck_assert(!policy.is_batch);
    look(1, 2 * OFTEN, 100000);
    ck_assert(policy.is_batch);
}
END_TEST

START_TEST(a_single_look_with_less_is_chance)
{
    begin();
    try_batch(100);
    for (int i = 0; i < 10; i++) {
        look(1, 2 * OFTEN, 20000);
        look(1, 2 * OFTEN, 100000);
    }
    ck_assert(policy.is_batch);
}
END_TEST

START_TEST(pauses_double_while_that_repeats)
{
    int64_t pause = LEAST;

    begin();
    for (int i = 0; i < 10; i++) {
        try_batch(20);
        ck_assert_int_eq(policy.again_ns - now, pause);
        look((int)(pause / LOOK) - 1, 2 * OFTEN, 100000);
        ck_assert(!policy.is_batch);
        pause = pause < MOST ? 2 * pause : pause;
    }
    ck_assert_int_eq(pause, MOST);
}
END_TEST

START_TEST(pauses_are_short_again_after_a_good_time)
{
    begin();
    for (int i = 0; i < 3; i++) {
        try_batch(20);
        look((int)(policy.pause_ns / LOOK) - 1, 2 * OFTEN, 100000);
    }
    ck_assert_int_eq(policy.pause_ns, 4 * LEAST);
    try_batch(100);
    look((int)(2 * policy.pause_ns / LOOK), 2 * OFTEN, 100000);
    look(2, 2 * OFTEN, 20000);
    ck_assert(!policy.is_batch);
    ck_assert_int_eq(policy.pause_ns, LEAST);
}
END_TEST

/* After hours of silence, the numbers are large and say so. */
START_TEST(a_long_silence_is_seldom)
{
    begin();
    try_batch(100);
    now += INT64_C(1) << 60;
    look(1, 100 * OFTEN, 1000000);
    ck_assert(!policy.is_batch);
}
END_TEST

/* ---- threads ---- */

static void expect_policy(int wanted)
{
    ck_assert_int_eq(sched_getscheduler(0), wanted);
    ck_assert_int_eq(thread.is_batch, wanted == SCHED_BATCH);
}

static void follow(bool is_batch)
{
    atomic_store(&policy.is_batch, is_batch);
    sched_policy_follow(&policy, &thread);
}

START_TEST(a_thread_follows)
{
    sched_policy_init(&policy);
    atomic_store(&policy.look_ns, INT64_MAX);
    expect_policy(SCHED_OTHER);
    follow(true);
    expect_policy(SCHED_BATCH);
    follow(false);
    expect_policy(SCHED_OTHER);
}
END_TEST

START_TEST(what_somebody_has_decided_stays)
{
    ck_assert_int_eq(sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}), 0);
    sched_policy_init(&policy);
    follow(true);
    ck_assert_int_eq(sched_getscheduler(0), SCHED_IDLE);
    ck_assert_int_eq(policy.looked_ns, 0);
    sched_policy_note(&policy, 1);
    ck_assert_uint_eq(policy.receives, 0);
}
END_TEST

/* As chrt(1) does, with a process that runs. */
START_TEST(what_somebody_decides_meanwhile_stays)
{
    sched_policy_init(&policy);
    atomic_store(&policy.look_ns, INT64_MAX);
    ck_assert_int_eq(sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}), 0);
    follow(true);
    ck_assert_int_eq(sched_getscheduler(0), SCHED_IDLE);
    ck_assert(thread.is_left_alone);
}
END_TEST

START_TEST(one_looks_when_it_is_due)
{
    begin();
    ck_assert_int_eq(policy.look_ns, now + LOOK);
    sched_policy_follow_at(&policy, &thread, now + LOOK - 1);
    ck_assert_int_eq(policy.looked_ns, now);
    ck_assert_int_eq(pthread_mutex_lock(&policy.lock), 0); /* another thread looks */
    sched_policy_follow_at(&policy, &thread, now + LOOK);
    ck_assert_int_eq(policy.looked_ns, now);
    ck_assert_int_eq(pthread_mutex_unlock(&policy.lock), 0);
    sched_policy_follow_at(&policy, &thread, now + LOOK);
    ck_assert_int_eq(policy.looked_ns, now + LOOK);
}
END_TEST

/* ---- a server ---- */

static _Atomic int ran_under;

static int note_policy(lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    atomic_store(&ran_under, sched_getscheduler(0));
    return lined_send(conn, line, size);
}

/* A client that asks without a pause is answered often, also on a busy machine at some time. Check
 * ends a test that never comes to its end. */
START_TEST(a_busy_server_s_threads_wait_for_their_turn)
{
    static const struct lined_worker worker = {.line = note_policy};
    enum { LINES = 64 };
    char lines[2 * LINES];

    for (int i = 0; i < LINES; i++)
        memcpy(lines + 2 * i, "x\n", 2);
    prepare(LINED_PASSIVE);
    lined_server *server = start_worker(&worker);
    int clients[] = {dial(lined_server_port(server)), dial(lined_server_port(server))};
    say(clients[0], "x\n");
    expect(clients[0], "x\n");
    ck_assert_int_eq(atomic_load(&ran_under), SCHED_OTHER);
    while (atomic_load(&ran_under) != SCHED_BATCH) {
        for (int i = 0; i < LINES; i++) { /* each a receive of its own, mostly */
            say(clients[0], "x\n");
            say(clients[1], "x\n");
        }
        expect_bytes(clients[0], lines, sizeof lines);
        expect_bytes(clients[1], lines, sizeof lines);
    }
    hang_up(clients[0]);
    hang_up(clients[1]);
    finish(server);
}
END_TEST

/* Started under another policy by somebody, or where it cannot be set, there is nothing to test. */
static bool has_choice(void)
{
    const struct sched_param none = {0};

    return sched_getscheduler(0) == SCHED_OTHER && sched_setscheduler(0, SCHED_BATCH, &none) == 0 &&
           sched_setscheduler(0, SCHED_OTHER, &none) == 0;
}

int main(void)
{
    const TTest *const tests[] = {
        who_receives_often_waits_for_its_turn,
        who_receives_seldom_does_not,
        the_first_look_only_begins,
        who_receives_less_pauses,
        a_single_look_with_less_is_chance,
        pauses_double_while_that_repeats,
        pauses_are_short_again_after_a_good_time,
        a_long_silence_is_seldom,
        a_thread_follows,
        what_somebody_has_decided_stays,
        what_somebody_decides_meanwhile_stays,
        one_looks_when_it_is_due,
        a_busy_server_s_threads_wait_for_their_turn,
    };
    if (!has_choice())
        return suite_skip("it needs SCHED_OTHER, and to be allowed SCHED_BATCH");
    return suite_run("sched_policy", tests, sizeof tests / sizeof tests[0]);
}
