#define _GNU_SOURCE /* SCHED_BATCH */
#include "../src/sched_policy.h"

#include "dial.h"
#include "embed.h"
#include "suite.h"

#include <sched.h>
#include <stdatomic.h>

#define LOOK  SCHED_POLICY_LOOK_NS
#define LEAST SCHED_POLICY_PAUSE_LEAST_NS
#define MOST  SCHED_POLICY_PAUSE_MOST_NS

/* A server and its clock: at now it has used so much CPU time. */
static struct sched_policy policy;
static int64_t now, used;

static void begin(void)
{
    sched_policy_init(&policy);
    now = LOOK;
    used = 0;
    sched_policy_look(&policy, now, used);
}

/* So much time passes, with a look at each due moment, and percent of it are used. */
static void pass(int64_t ns, int percent)
{
    for (int64_t end = now + ns; now < end;) {
        now += LOOK;
        used += LOOK / 100 * percent;
        sched_policy_look(&policy, now, used);
    }
}

START_TEST(who_is_busy_waits_for_its_turn)
{
    begin();
    ck_assert(!policy.is_batch);
    pass(LOOK, 100);
    ck_assert(policy.is_batch);
    pass(100 * LOOK, 50);
    ck_assert(policy.is_batch);
}
END_TEST

START_TEST(who_is_not_busy_does_not)
{
    begin();
    pass(100 * LOOK, 25);
    ck_assert(!policy.is_batch);
}
END_TEST

/* What was used before the first look says nothing of now. */
START_TEST(the_first_look_only_begins)
{
    sched_policy_init(&policy);
    sched_policy_look(&policy, LOOK, 1000 * LOOK);
    ck_assert(!policy.is_batch);
}
END_TEST

START_TEST(who_gets_less_of_the_core_pauses)
{
    begin();
    pass(LOOK, 100);
    pass(LOOK, 5); /* a program computes there */
    ck_assert(!policy.is_batch);
    pass(LEAST - LOOK, 100);
    ck_assert(!policy.is_batch);
    pass(LOOK, 100);
    ck_assert(policy.is_batch);
}
END_TEST

START_TEST(pauses_double_while_that_repeats)
{
    int64_t pause = LEAST;

    begin();
    for (int i = 0; i < 10; i++) {
        pass(LOOK, 100);
        ck_assert(policy.is_batch);
        pass(LOOK, 5);
        ck_assert_int_eq(policy.again_ns - now, pause);
        pass(pause - LOOK, 100);
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
        pass(LOOK, 100);
        pass(LOOK, 5);
        pass(policy.pause_ns - LOOK, 100);
    }
    ck_assert_int_eq(policy.pause_ns, 4 * LEAST);
    pass(LOOK + 2 * policy.pause_ns, 100);
    pass(LOOK, 5);
    ck_assert_int_eq(policy.pause_ns, LEAST);
}
END_TEST

/* ---- threads ---- */

static struct sched_thread thread;

static void expect_policy(int wanted)
{
    ck_assert_int_eq(sched_getscheduler(0), wanted);
    ck_assert_int_eq(thread.is_batch, wanted == SCHED_BATCH);
}

static void follow(bool is_batch)
{
    atomic_store(&policy.is_batch, is_batch);
    sched_policy_follow(&policy, &thread, 0);
}

START_TEST(a_thread_follows)
{
    sched_policy_init(&policy);
    atomic_store(&policy.look_ns, INT64_MAX);
    sched_thread_init(&thread);
    expect_policy(SCHED_OTHER);
    follow(true);
    expect_policy(SCHED_BATCH);
    sched_thread_init(&thread); /* one that it made would know, too */
    expect_policy(SCHED_BATCH);
    follow(false);
    expect_policy(SCHED_OTHER);
}
END_TEST

START_TEST(what_somebody_has_decided_stays)
{
    ck_assert_int_eq(sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}), 0);
    sched_policy_init(&policy);
    sched_thread_init(&thread);
    follow(true);
    ck_assert_int_eq(sched_getscheduler(0), SCHED_IDLE);
    sched_policy_follow(&policy, &thread, LOOK);
    ck_assert_int_eq(policy.looked_ns, 0);
}
END_TEST

START_TEST(one_looks_when_it_is_due)
{
    sched_policy_init(&policy);
    sched_thread_init(&thread);
    sched_policy_follow(&policy, &thread, LOOK);
    ck_assert_int_eq(policy.looked_ns, LOOK);
    ck_assert_int_eq(policy.look_ns, 2 * LOOK);
    sched_policy_follow(&policy, &thread, 2 * LOOK - 1);
    ck_assert_int_eq(policy.looked_ns, LOOK);
    atomic_store(&policy.look_ns, INT64_MAX); /* another thread looks */
    sched_policy_follow(&policy, &thread, 3 * LOOK);
    ck_assert_int_eq(policy.looked_ns, LOOK);
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

/* Test and server are one process and do nothing else, so it is busy, and a thread of its begins to
 * wait for its turn. Check ends a test that never comes to its end. */
START_TEST(a_busy_server_s_threads_wait_for_their_turn)
{
    static const struct lined_worker worker = {.line = note_policy};

    prepare(LINED_PASSIVE);
    lined_server *server = start_worker(&worker);
    int client = dial(lined_server_port(server));
    int first = -1;
    do {
        say(client, "x\n");
        expect(client, "x\n");
        if (first < 0)
            first = atomic_load(&ran_under);
    } while (atomic_load(&ran_under) != SCHED_BATCH);
    ck_assert_int_eq(first, SCHED_OTHER);
    hang_up(client);
    finish(server);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        who_is_busy_waits_for_its_turn,
        who_is_not_busy_does_not,
        the_first_look_only_begins,
        who_gets_less_of_the_core_pauses,
        pauses_double_while_that_repeats,
        pauses_are_short_again_after_a_good_time,
        a_thread_follows,
        what_somebody_has_decided_stays,
        one_looks_when_it_is_due,
        a_busy_server_s_threads_wait_for_their_turn,
    };
    return suite_run("sched_policy", tests, sizeof tests / sizeof tests[0]);
}
