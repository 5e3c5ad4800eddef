#include "../src/conn/busy_poll.h"

#include "../src/base/monotonic.h"
#include "suite.h"

#include <errno.h>
#include <lined.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2]; /* ends[0] is polled */
static char byte;
static struct busy_poll_limit limit;
static struct busy_poll poll_state;

/* What happens in the next yields: how long they take, and after how many a byte comes. */
static int64_t yield_ns;
static int yields_before_byte; /* below 0: none comes */
static int yields;

/* It decides instead of the kernel. */
int __wrap_sched_yield(void);
int __wrap_sched_yield(void)
{
    int64_t end = monotonic_ns() + yield_ns;

    while (yield_ns > 0 && monotonic_ns() < end)
        continue;
    if (yields++ == yields_before_byte)
        ck_assert_int_eq(send(ends[1], "y", 1, 0), 1);
    return 0;
}

static void begin(uint32_t us)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    busy_poll_limit_init(&limit, us);
    poll_state = (struct busy_poll){0};
    yield_ns = 0;
    yields_before_byte = -1;
    yields = 0;
}

static void end(void)
{
    ck_assert_int_eq(atomic_load(&limit.polling), 0);
    close(ends[0]);
    close(ends[1]);
}

static ssize_t poll_once(void)
{
    yields = 0;
    errno = 0;
    return busy_poll_recv(&poll_state, &limit, ends[0], &byte, 1);
}

static void expect_sleep(void)
{
    ck_assert_int_eq(poll_once(), -1);
    ck_assert_int_eq(errno, EAGAIN);
}

/* How many receives sleep at once, before one tries. */
static unsigned count_skipped(void)
{
    unsigned skipped = 0;

    for (;; skipped++) {
        expect_sleep();
        if (yields > 0)
            return skipped;
    }
}

/* Another program may have this core for a while at any moment, and a yield seems long then. Until
 * that has not happened. */
static void expect_to_receive_polling(void)
{
    do {
        poll_state = (struct busy_poll){.misses = 3};
        yields_before_byte = 2;
        while (poll_once() != 1)
            poll_state.skip = 0;
        ck_assert_int_eq(byte, 'y');
    } while (poll_state.misses > 0);
}

START_TEST(without_microseconds_it_neither_yields_nor_looks)
{
    begin(0);
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    expect_sleep();
    ck_assert_int_eq(yields, 0);
    end();
}
END_TEST

START_TEST(bytes_that_come_in_time_are_received)
{
    begin(LINED_BUSY_POLL_MAX);
    expect_to_receive_polling();
    ck_assert_uint_eq(poll_state.skip, 0); /* the next receive polls again */
    end();
}
END_TEST

START_TEST(an_end_of_file_is_received)
{
    begin(LINED_BUSY_POLL_MAX);
    shutdown(ends[1], SHUT_WR);
    ck_assert_int_eq(poll_once(), 0);
    end();
}
END_TEST

/* A yield that took a time slice, on a busy machine, counts for many misses: the best of ten. */
START_TEST(a_wait_in_vain_ends)
{
    unsigned misses = 0;

    for (int i = 0; i < 10 && misses != 1; i++) {
        begin(50);
        yields = 0;
        expect_sleep();
        ck_assert_int_ge(yields, 1);
        misses = poll_state.misses;
        end();
    }
    ck_assert_uint_eq(misses, 1);
}
END_TEST

/* Each miss doubles what is skipped, up to 1,023. */
START_TEST(what_is_in_vain_is_tried_less_and_less)
{
    begin(1);
    ck_assert_uint_eq(count_skipped(), 0);
    for (unsigned skipped = 1; skipped < 1024; skipped = skipped * 2 + 1)
        ck_assert_uint_eq(count_skipped(), skipped);
    ck_assert_uint_eq(count_skipped(), 1023);
    expect_to_receive_polling();
    ck_assert_uint_eq(poll_state.skip, 0);
    end();
}
END_TEST

/* It tries once after another thread has run, and then sleeps: that thread wants the core. Bytes
 * that have come are received, and the try counts as a miss. */
START_TEST(where_another_thread_wants_the_core_it_sleeps)
{
    begin(LINED_BUSY_POLL_MAX);
    yield_ns = 50000;
    expect_sleep();
    ck_assert_int_eq(yields, 1);
    ck_assert_uint_ge(poll_state.misses, 1); /* more if the machine took the core meanwhile */
    poll_state = (struct busy_poll){.misses = 1};
    yields_before_byte = 0;
    ck_assert_int_eq(poll_once(), 1);
    ck_assert_int_eq(yields, 1);
    ck_assert_uint_ge(poll_state.misses, 2);
    end();
}
END_TEST

/* Each try would cost a time slice. */
START_TEST(beside_a_program_that_computes_it_seldom_tries)
{
    begin(LINED_BUSY_POLL_MAX);
    yield_ns = 1000000;
    expect_sleep();
    ck_assert_int_eq(yields, 1);
    ck_assert_uint_eq(count_skipped(), 8191);
    end();
}
END_TEST

START_TEST(few_threads_poll_at_a_time)
{
    begin(50);
    ck_assert_int_ge(limit.max, 1);
    atomic_store(&limit.polling, limit.max);
    expect_sleep();
    ck_assert_int_eq(yields, 0);
    ck_assert_uint_eq(poll_state.misses, 0);
    atomic_store(&limit.polling, limit.max - 1);
    ck_assert_uint_eq(count_skipped(), 15);
    atomic_store(&limit.polling, 0);
    end();
}
END_TEST

START_TEST(the_first_receives_of_a_connection_sleep)
{
    begin(50);
    busy_poll_init(&poll_state);
    ck_assert_uint_eq(count_skipped(), 4);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        without_microseconds_it_neither_yields_nor_looks,
        bytes_that_come_in_time_are_received,
        an_end_of_file_is_received,
        a_wait_in_vain_ends,
        what_is_in_vain_is_tried_less_and_less,
        where_another_thread_wants_the_core_it_sleeps,
        beside_a_program_that_computes_it_seldom_tries,
        few_threads_poll_at_a_time,
        the_first_receives_of_a_connection_sleep,
    };
    return suite_run("busy_poll", tests, sizeof tests / sizeof tests[0]);
}
