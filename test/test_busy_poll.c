#define _GNU_SOURCE /* sched_getcpu */
#include "../src/busy_poll.h"

#include "../src/monotonic.h"

#include <lined.h>

#include "suite.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2]; /* ends[0] is polled */
static char byte;

/* Another program that has the core so long in each turn but the next while a byte comes; there is
 * none where it is 0. */
static int64_t computes_ns;
static bool is_alone; /* on its core: nobody has a turn */
static bool is_free_turn;
static int silent_turns; /* so many bring no byte */
static int turns;

int __real_sched_yield(void);
int __wrap_sched_yield(void);

int __wrap_sched_yield(void)
{
    int64_t end = monotonic_ns() + computes_ns;

    if (is_alone)
        return 0;
    if (computes_ns == 0)
        return __real_sched_yield();
    if (is_free_turn) {
        is_free_turn = false;
        return 0;
    }
    while (monotonic_ns() < end)
        continue;
    turns++;
    return silent_turns-- > 0 || send(ends[1], "z", 1, 0) == 1 ? 0 : -1;
}

static void open_ends(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
}

static void open_tcp_ends(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(connect(ends[1], (struct sockaddr *)&address, size), 0);
    ends[0] = accept(listener, NULL, NULL);
    ck_assert_int_ge(ends[0], 0);
    close(listener);
}

static void close_ends(void)
{
    close(ends[0]);
    close(ends[1]);
}

/* Nobody gives way until then. */
static void pause_until(struct busy_poll_share *share, int64_t ns)
{
    for (int i = 0; i < GIVE_WAY_CORES; i++)
        atomic_store(&share->give_way.cores[i].again_ns, ns);
}

/* A turn that took long by chance is not to keep the next call from looking. */
static ssize_t poll_once(struct busy_poll *poll, struct busy_poll_share *share)
{
    pause_until(share, 0);
    errno = 0;
    return busy_poll_recv(poll, share, ends[0], &byte, 1);
}

static void expect_nothing(struct busy_poll *poll, struct busy_poll_share *share)
{
    ck_assert_int_eq(poll_once(poll, share), -1);
    ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(what_is_there_is_received)
{
    struct busy_poll_share share;
    struct busy_poll poll = {.stay_awake.skip = 3};

    for (uint32_t us = 0; us <= 50; us += 50) {
        busy_poll_share_init(&share, us);
        open_ends();
        ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
        ck_assert_int_eq(poll_once(&poll, &share), 1);
        ck_assert_int_eq(byte, 'x');
        shutdown(ends[1], SHUT_WR);
        ck_assert_int_eq(poll_once(&poll, &share), 0); /* the end of file, as recv tells it */
        close_ends();
    }
}
END_TEST

static void *send_when_awake(void *argument)
{
    struct busy_poll_share *share = argument;

    while (atomic_load(&share->awake) == 0)
        __real_sched_yield();
    ck_assert_int_eq(send(ends[1], "y", 1, 0), 1);
    return NULL;
}

/* Another program may take the core at any moment, and then the poll gives up, rightly: tried until
 * it was let. Waiting asleep would never bring a byte, because it is sent only to one awake. */
START_TEST(what_comes_in_time_is_received_awake)
{
    struct busy_poll_share share;
    struct busy_poll poll;

    busy_poll_share_init(&share, LINED_BUSY_POLL_MOST);
    is_alone = true;
    do {
        pthread_t sender;
        ssize_t size;
        open_ends();
        ck_assert_int_eq(pthread_create(&sender, NULL, send_when_awake, &share), 0);
        do {
            poll = (struct busy_poll){.stay_awake.misses = 5};
            size = poll_once(&poll, &share);
        } while (size < 0 && recv(ends[0], &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0);
        pthread_join(sender, NULL);
        close_ends();
        ck_assert(size < 0 || byte == 'y');
    } while (poll.stay_awake.misses > 0); /* 0: the next wait is tried awake again */
    ck_assert_uint_eq(poll.stay_awake.skip, 0);
    ck_assert_int_eq(atomic_load(&share.awake), 0);
}
END_TEST

/* How often the next calls sleep at once, before one tries again. */
static int skipped(struct busy_poll *poll, struct busy_poll_share *share)
{
    int count = 0;

    while (poll->stay_awake.skip > 0) {
        expect_nothing(poll, share);
        count++;
    }
    return count;
}

START_TEST(tries_in_vain_become_seldom)
{
    struct busy_poll_share share;
    struct busy_poll poll = {0};

    busy_poll_share_init(&share, 1);
    open_ends();
    for (int misses = 1; misses <= BACK_OFF_MISSES_MOST + 2; misses++) {
        int exponent = misses < BACK_OFF_MISSES_MOST ? misses : BACK_OFF_MISSES_MOST;
        expect_nothing(&poll, &share);
        ck_assert_int_eq(skipped(&poll, &share), (1 << exponent) - 1);
    }
    ck_assert_int_eq(atomic_load(&share.awake), 0);
    close_ends();
}
END_TEST

static int misses(struct busy_poll_share *share)
{
    int sum = 0;

    for (int i = 0; i < GIVE_WAY_CORES; i++)
        sum += atomic_load(&share->give_way.cores[i].misses);
    return sum;
}

/* Others had a turn, and what was waited for did not come, or did. On a free core nobody has one.
 * Another program may take the core at any moment: each is tried until none did. */
START_TEST(turns_in_vain_are_noted)
{
    struct busy_poll_share share;
    struct busy_poll poll = {0};

    open_ends();
    computes_ns = 50000;
    silent_turns = INT_MAX;
    do {
        busy_poll_share_init(&share, 0);
        is_free_turn = true;
        expect_nothing(&poll, &share);
    } while (misses(&share) != 0);
    do {
        busy_poll_share_init(&share, 0);
        expect_nothing(&poll, &share);
    } while (misses(&share) != GIVE_WAY_MISS);
    silent_turns = 0;
    do {
        busy_poll_share_init(&share, 0);
        atomic_store(&share.give_way.cores[sched_getcpu() % GIVE_WAY_CORES].misses, 1);
        ck_assert_int_eq(poll_once(&poll, &share), 1);
    } while (misses(&share) != 0);
    close_ends();
}
END_TEST

static bool had_pause(struct busy_poll_share *share)
{
    for (int i = 0; i < GIVE_WAY_CORES; i++) {
        if (atomic_load(&share->give_way.cores[i].pause_ns) > 0)
            return true;
    }
    return false;
}

/* What was received last: short lines, or one line with a LF of its own. */
enum { MANY_LINES = 2, ONE_LINE = BUSY_POLL_MUCH };

/* Takes turns until none was longer than meant, for a long one ends it. A line end stands after
 * each so many bytes of what was received last. */
static ssize_t poll_in_turns(struct busy_poll_share *share, size_t last_size, size_t line,
                             int silent)
{
    char last[BUSY_POLL_MUCH];
    struct busy_poll poll;
    ssize_t size;

    for (size_t i = 0; i < last_size; i++)
        last[i] = (i + 1) % line == 0 ? '\n' : 'x';
    computes_ns = 50000;
    do {
        busy_poll_share_init(share, 0);
        poll = (struct busy_poll){0};
        busy_poll_note(&poll, last, last_size);
        silent_turns = silent;
        turns = 0;
        size = poll_once(&poll, share);
    } while (had_pause(share));
    return size;
}

START_TEST(who_sent_much_is_given_way_to_again)
{
    struct busy_poll_share share;

    open_ends();
    ck_assert_int_eq(poll_in_turns(&share, BUSY_POLL_MUCH, MANY_LINES, BUSY_POLL_TURNS_MOST - 1),
                     1);
    ck_assert_int_eq(turns, BUSY_POLL_TURNS_MOST);
    ck_assert_int_eq(misses(&share), 0); /* it paid in the end */
    ck_assert_int_eq(poll_in_turns(&share, BUSY_POLL_MUCH, MANY_LINES, INT_MAX), -1);
    ck_assert_int_eq(turns, BUSY_POLL_TURNS_MOST);
    ck_assert_int_eq(misses(&share), GIVE_WAY_MISS);
    ck_assert_int_eq(poll_in_turns(&share, BUSY_POLL_MUCH - 1, MANY_LINES, INT_MAX), -1);
    ck_assert_int_eq(turns, 1);
    ck_assert_int_eq(poll_in_turns(&share, BUSY_POLL_MUCH, ONE_LINE, INT_MAX), -1);
    ck_assert_int_eq(turns, 1);
    close_ends();
}
END_TEST

static void stay_on(int cpu)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
}

/* The sender is this thread, which stays on its core. */
START_TEST(who_sends_from_the_same_core_is_not)
{
    struct busy_poll_share share;
    cpu_set_t all;

    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    stay_on(sched_getcpu());
    open_tcp_ends();
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    ck_assert_int_eq(recv(ends[0], &byte, 1, 0), 1);
    ck_assert_int_eq(poll_in_turns(&share, BUSY_POLL_MUCH, MANY_LINES, INT_MAX), -1);
    ck_assert_int_eq(turns, 1);
    close_ends();
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
}
END_TEST

/* Another core than that one, or -1 where there is none. */
static int other_core(const cpu_set_t *all, int cpu)
{
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, all) && i != cpu && i % GIVE_WAY_CORES != cpu % GIVE_WAY_CORES)
            return i;
    }
    return -1;
}

static void send_from(int cpu, int here)
{
    stay_on(cpu);
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    stay_on(here);
    ck_assert_int_eq(recv(ends[0], &byte, 1, 0), 1);
}

/* A turn in vain and one that pays, tried until no other program had a long one. Returns what they
 * add to the sum, which is far from its bounds. */
static int plenty_of_two_turns(int here, int there, bool is_used, bool has_owner)
{
    struct busy_poll_share share;
    struct busy_poll poll;
    struct give_way_core *core = &share.give_way.cores[here % GIVE_WAY_CORES];

    computes_ns = 50000;
    do {
        busy_poll_share_init(&share, 0);
        share.has_owner = has_owner;
        poll = (struct busy_poll){0};
        send_from(there, here);
        atomic_store(&core->plenty, GIVE_WAY_PLENTY_MOST / 2);
        atomic_store(&share.give_way.cores[there % GIVE_WAY_CORES].used_ns,
                     is_used ? monotonic_ns() : 0);
        silent_turns = 1;
        expect_nothing(&poll, &share); /* now it is known where the sender runs */
        ck_assert_int_eq(poll_once(&poll, &share), 1);
    } while (had_pause(&share));
    return atomic_load(&core->plenty) - GIVE_WAY_PLENTY_MOST / 2;
}

START_TEST(turns_beside_a_sender_apart_are_noted)
{
    cpu_set_t all;
    int here = sched_getcpu();

    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    int there = other_core(&all, here);
    if (there < 0)
        return; /* nobody can be apart on one core */
    open_tcp_ends();
    ck_assert_int_eq(plenty_of_two_turns(here, there, false, false), 1 - GIVE_WAY_PLENTY_LESS);
    ck_assert_int_eq(plenty_of_two_turns(here, there, true, false), 0);
    ck_assert_int_eq(plenty_of_two_turns(here, there, false, true), 0);
    close_ends();
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
}
END_TEST

/* Beside a program that computes, each wait awake costs its slice, and by then the byte is there.
 */
START_TEST(what_comes_after_a_long_turn_does_not_pay)
{
    struct busy_poll_share share;
    struct busy_poll poll;

    busy_poll_share_init(&share, LINED_BUSY_POLL_MOST);
    computes_ns = GIVE_WAY_LONG_NS + 100000;
    open_ends();
    /* Another thread may take the core in the turn that shows it to be free: tried until none did.
     */
    do {
        poll = (struct busy_poll){0};
        is_free_turn = true;
    } while (poll_once(&poll, &share) < 0);
    ck_assert_int_eq(byte, 'z');
    ck_assert_uint_eq(poll.stay_awake.misses, 1);
    ck_assert(had_pause(&share)); /* it may be over by now */
    close_ends();
}
END_TEST

/* What is there is not even looked for: the thread is to sleep, or to find it awake. */
START_TEST(who_does_not_give_way_does_not_look)
{
    struct busy_poll_share share;
    struct busy_poll poll = {0};

    busy_poll_share_init(&share, 50);
    pause_until(&share, INT64_MAX);
    open_ends();
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    ck_assert_int_eq(busy_poll_recv(&poll, &share, ends[0], &byte, 1), -1);
    ck_assert_int_eq(errno, EAGAIN);
    pause_until(&share, 0);
    ck_assert_int_eq(busy_poll_recv(&poll, &share, ends[0], &byte, 1), 1);
    close_ends();
}
END_TEST

START_TEST(the_first_receives_only_sleep)
{
    struct busy_poll_share share;
    struct busy_poll poll;

    busy_poll_share_init(&share, 50);
    busy_poll_init(&poll);
    open_ends();
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    for (int i = 0; i < BUSY_POLL_SKIP_FIRST; i++)
        ck_assert_int_eq(busy_poll_recv(&poll, &share, ends[0], &byte, 1), -1);
    ck_assert_int_eq(busy_poll_recv(&poll, &share, ends[0], &byte, 1), 1);
    close_ends();
}
END_TEST

START_TEST(zero_means_never)
{
    struct busy_poll_share share;
    struct busy_poll poll = {0};

    busy_poll_share_init(&share, 0);
    open_ends();
    expect_nothing(&poll, &share);
    ck_assert_uint_eq(poll.stay_awake.misses, 0); /* it was not tried */
    close_ends();
}
END_TEST

START_TEST(no_more_wait_awake_than_may)
{
    struct busy_poll_share share;
    struct busy_poll poll = {0};

    busy_poll_share_init(&share, 1);
    ck_assert_int_ge(share.most, 1);
    atomic_store(&share.awake, share.most);
    open_ends();
    /* Another thread may take the core at any moment; then it was not this limit that refused. */
    do {
        poll = (struct busy_poll){0};
        expect_nothing(&poll, &share);
    } while (poll.stay_awake.misses > 0);
    ck_assert_uint_eq(poll.stay_awake.skip, BUSY_POLL_SKIP_CROWD);
    ck_assert_int_eq(atomic_load(&share.awake), share.most);
    close_ends();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_there_is_received,
        what_comes_in_time_is_received_awake,
        tries_in_vain_become_seldom,
        what_comes_after_a_long_turn_does_not_pay,
        turns_in_vain_are_noted,
        who_sent_much_is_given_way_to_again,
        who_sends_from_the_same_core_is_not,
        turns_beside_a_sender_apart_are_noted,
        who_does_not_give_way_does_not_look,
        the_first_receives_only_sleep,
        zero_means_never,
        no_more_wait_awake_than_may,
    };
    return suite_run("busy_poll", tests, sizeof tests / sizeof tests[0]);
}
