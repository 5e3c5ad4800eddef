#include "../src/spares.h"

#include "suite.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FOR_EVER_MS (600u * 1000)

struct job {
    _Atomic int done;
    _Atomic bool *holds; /* NULL, or: it goes on until this is false */
    _Atomic bool
        *holds_thread; /* NULL, or: a thread that has left does not end until this is false */
    pthread_t by;
};

static struct spares spares;
static uint32_t wait_ms;
static _Atomic int halved; /* how often */

static pthread_key_t at_its_end;

static void hold_thread(void *holds)
{
    while (atomic_load((_Atomic bool *)holds))
        sched_yield();
}

static void count_halved(void *context)
{
    (void)context;
    atomic_fetch_add(&halved, 1);
}

static void *thread_main(void *argument)
{
    struct stack *stack = argument;
    struct job *job = stack->job;

    do {
        job->by = pthread_self();
        if (job->holds_thread != NULL)
            pthread_setspecific(at_its_end, job->holds_thread);
        while (job->holds != NULL && atomic_load(job->holds))
            sched_yield();
        atomic_fetch_add(&job->done, 1);
    } while ((job = spares_wait(&spares, wait_ms)) != NULL);
    spares_leave(&spares, stack, count_halved, NULL);
    return NULL;
}

static void begin(uint32_t ms)
{
    wait_ms = ms;
    atomic_store(&halved, 0);
    ck_assert_int_eq(pthread_key_create(&at_its_end, hold_thread), 0);
    spares_init(&spares);
}

/* Has the job done, as the acceptor does. Returns whether a thread was waiting. */
static bool hand(struct job *job)
{
    if (spares_hand(&spares, job))
        return true;
    struct stack *stack = spares_take_stack(&spares);
    if (stack == NULL)
        ck_assert_int_eq(stack_make(&stack), 0);
    ck_assert_int_eq(stack_start(stack, thread_main, job), 0);
    return false;
}

static void await_done(struct job *job)
{
    while (atomic_load(&job->done) == 0)
        sched_yield();
}

static size_t count_waiting(void)
{
    size_t count = 0;

    pthread_mutex_lock(&spares.lock);
    for (struct spare *place = spares.waiting; place != NULL; place = place->next)
        count++;
    pthread_mutex_unlock(&spares.lock);
    return count;
}

static void await_waiting(size_t count)
{
    while (count_waiting() != count)
        sched_yield();
}

static size_t count_threads(void)
{
    pthread_mutex_lock(&spares.lock);
    size_t count = spares.threads;
    pthread_mutex_unlock(&spares.lock);
    return count;
}

/* Returns once no thread is left: with a thread that was forgotten, never. */
static void end(void)
{
    spares_end(&spares);
    ck_assert_uint_eq(count_threads(), 0);
    ck_assert_ptr_null(spares.left); /* no thread is there that could touch it */
    spares_deinit(&spares);
    pthread_key_delete(at_its_end);
}

/* A stack that is mapped: msync(2) says ENOMEM of what is not. */
static bool is_there(struct stack *stack)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    return msync((void *)((uintptr_t)stack / page * page), 1, MS_ASYNC) == 0 || errno != ENOMEM;
}

/* What must not happen has every chance to. */
static void give_chances(void)
{
    for (int i = 0; i < 1000; i++)
        sched_yield();
}

static void await_threads(size_t count)
{
    while (count_threads() != count)
        sched_yield();
}

START_TEST(where_nobody_waits_a_thread_is_to_be_made)
{
    struct job job = {0};

    begin(FOR_EVER_MS);
    ck_assert(!spares_hand(&spares, &job));
    ck_assert_uint_eq(count_threads(), 1);
    spares_not_made(&spares, NULL);
    end();
}
END_TEST

START_TEST(who_waits_gets_the_next_job)
{
    struct job first = {0};
    struct job second = {0};

    begin(FOR_EVER_MS);
    ck_assert(!hand(&first));
    await_waiting(1);
    ck_assert(hand(&second));
    await_done(&second);
    ck_assert(pthread_equal(first.by, second.by));
    ck_assert_uint_eq(count_threads(), 1);
    end();
}
END_TEST

START_TEST(the_last_to_come_is_the_first_to_go)
{
    _Atomic bool holds = true;
    struct job jobs[3] = {{0}, {.holds = &holds}, {0}};

    begin(FOR_EVER_MS);
    ck_assert(!hand(&jobs[0]));
    await_waiting(1);
    ck_assert(hand(&jobs[1])); /* so that another thread is made */
    ck_assert(!hand(&jobs[2]));
    await_waiting(1);
    atomic_store(&holds, false);
    await_waiting(2);
    struct job next = {0};
    ck_assert(hand(&next));
    await_done(&next);
    ck_assert(pthread_equal(next.by, jobs[1].by));
    end();
}
END_TEST

START_TEST(who_is_not_called_ends)
{
    struct job job = {0};

    begin(1);
    ck_assert(!hand(&job));
    await_threads(0);
    ck_assert_uint_eq(count_waiting(), 0);
    ck_assert(!spares_hand(&spares, &job));
    spares_not_made(&spares, NULL);
    end();
}
END_TEST

START_TEST(a_stack_that_is_left_serves_the_next)
{
    struct job job = {0};
    struct stack *stack;

    begin(0);
    ck_assert_ptr_null(spares_take_stack(&spares));
    ck_assert(!hand(&job));
    while ((stack = spares_take_stack(&spares)) == NULL) /* it has ended for good */
        sched_yield();
    ck_assert(!spares_hand(&spares, &job));
    spares_not_made(&spares, stack); /* and again where the next could not be made */
    ck_assert_ptr_eq(spares_take_stack(&spares), stack);
    ck_assert_ptr_null(spares_take_stack(&spares));
    stack_free(stack);
    end();
}
END_TEST

START_TEST(a_stack_too_many_is_freed)
{
    struct job job = {0};
    struct stack *stack;

    begin(0);
    ck_assert(!hand(&job));
    await_threads(0); /* its stack is left */
    ck_assert(!spares_hand(&spares, &job));
    ck_assert_int_eq(stack_make(&stack), 0);
    spares_not_made(&spares, stack);
    ck_assert(!is_there(stack));
    end();
}
END_TEST

START_TEST(no_more_wait_than_may)
{
    _Atomic bool holds = true;
    struct job jobs[SPARES_MOST + 2];

    begin(FOR_EVER_MS);
    for (size_t i = 0; i < SPARES_MOST + 2; i++) {
        jobs[i] = (struct job){.holds = &holds};
        ck_assert(!hand(&jobs[i]));
    }
    ck_assert_uint_eq(count_threads(), SPARES_MOST + 2);
    atomic_store(&holds, false);
    while (count_threads() > SPARES_MOST)
        sched_yield();
    await_waiting(SPARES_MOST);
    end();
}
END_TEST

/* So many at once, all of which end. */
static void rise_and_end(size_t threads)
{
    static struct job jobs[4 * SPARES_MOST];
    _Atomic bool holds = true;

    for (size_t i = 0; i < threads; i++) {
        jobs[i] = (struct job){.holds = &holds};
        ck_assert(!hand(&jobs[i]));
    }
    atomic_store(&holds, false);
    await_threads(0);
}

START_TEST(after_a_burst_each_halving_is_told_once)
{
    begin(0);
    rise_and_end(SPARES_MOST - 1);
    ck_assert_int_eq(atomic_load(&halved), 0);
    rise_and_end(4 * SPARES_MOST);
    ck_assert_int_eq(atomic_load(&halved), 3); /* to a half, a quarter, an eighth */
    rise_and_end(SPARES_MOST);
    ck_assert_int_eq(atomic_load(&halved), 4);
    end();
}
END_TEST

START_TEST(a_halving_is_told_when_who_left_before_has_ended)
{
    static struct job jobs[SPARES_MOST];
    static _Atomic bool holds[SPARES_MOST];
    enum {
        LAST_BEFORE = SPARES_MOST / 2 - 2
    }; /* and the next to leave finds that they have halved */
    _Atomic bool holds_thread = true;

    begin(0);
    for (size_t i = 0; i < SPARES_MOST; i++) {
        atomic_store(&holds[i], true);
        jobs[i] = (struct job){.holds = &holds[i]};
        if (i == LAST_BEFORE)
            jobs[i].holds_thread = &holds_thread;
        ck_assert(!hand(&jobs[i]));
    }
    for (size_t i = 0; i <= LAST_BEFORE; i++) {
        atomic_store(&holds[i], false);
        await_threads(SPARES_MOST - 1 - i);
    }
    atomic_store(&holds[LAST_BEFORE + 1], false);
    give_chances();
    ck_assert_int_eq(atomic_load(&halved), 0);
    atomic_store(&holds_thread, false);
    while (atomic_load(&halved) == 0)
        sched_yield();
    for (size_t i = LAST_BEFORE + 2; i < SPARES_MOST; i++)
        atomic_store(&holds[i], false);
    end();
}
END_TEST

START_TEST(at_the_end_who_waits_ends)
{
    _Atomic bool holds = true;
    struct job jobs[3];

    begin(FOR_EVER_MS);
    for (size_t i = 0; i < 3; i++) {
        jobs[i] = (struct job){.holds = &holds};
        ck_assert(!hand(&jobs[i]));
    }
    atomic_store(&holds, false);
    await_waiting(3);
    end();
}
END_TEST

static void *end_all(void *over)
{
    spares_end(&spares);
    atomic_store((_Atomic bool *)over, true);
    return NULL;
}

START_TEST(the_end_waits_for_who_has_a_job)
{
    _Atomic bool holds = true;
    _Atomic bool is_over = false;
    struct job first = {.holds = &holds};
    struct job second = {0};
    pthread_t ender;

    begin(FOR_EVER_MS);
    ck_assert(!hand(&first));
    ck_assert(!hand(&second));
    await_waiting(1);
    ck_assert_int_eq(pthread_create(&ender, NULL, end_all, &is_over), 0);
    while (count_threads() > 1) /* the other one has ended */
        sched_yield();
    ck_assert(!atomic_load(&is_over));
    atomic_store(&holds, false);
    pthread_join(ender, NULL);
    ck_assert_int_eq(atomic_load(&first.done), 1);
    end();
}
END_TEST

/* Its code may be gone afterwards. */
START_TEST(the_end_waits_for_the_last_thread_to_end)
{
    _Atomic bool holds_thread = true;
    _Atomic bool is_over = false;
    struct job job = {.holds_thread = &holds_thread};
    pthread_t ender;

    begin(0);
    ck_assert(!hand(&job));
    await_threads(0); /* it has left */
    struct stack *stack = spares.left;
    ck_assert_int_eq(pthread_create(&ender, NULL, end_all, &is_over), 0);
    give_chances();
    ck_assert(!atomic_load(&is_over));
    ck_assert(is_there(stack));
    atomic_store(&holds_thread, false);
    pthread_join(ender, NULL);
    ck_assert(!is_there(stack));
    end();
}
END_TEST

/* Threads wait no time at all, so that again and again one is called as its time is over: until
 * that was so for one at least. */
START_TEST(each_job_is_done_once)
{
    enum { JOBS = 2000 };
    static struct job jobs[JOBS];
    int handed;

    do {
        handed = 0;
        memset(jobs, 0, sizeof jobs);
        begin(0);
        for (size_t i = 0; i < JOBS; i++) {
            handed += hand(&jobs[i]);
            if (i >= 8) /* not all at once: threads are many */
                await_done(&jobs[i - 8]);
        }
        for (size_t i = 0; i < JOBS; i++)
            await_done(&jobs[i]);
        end();
        for (size_t i = 0; i < JOBS; i++)
            ck_assert_int_eq(jobs[i].done, 1);
    } while (handed == 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        where_nobody_waits_a_thread_is_to_be_made,
        who_waits_gets_the_next_job,
        the_last_to_come_is_the_first_to_go,
        who_is_not_called_ends,
        a_stack_too_many_is_freed,
        a_halving_is_told_when_who_left_before_has_ended,
        the_end_waits_for_the_last_thread_to_end,
        a_stack_that_is_left_serves_the_next,
        no_more_wait_than_may,
        after_a_burst_each_halving_is_told_once,
        at_the_end_who_waits_ends,
        the_end_waits_for_who_has_a_job,
        each_job_is_done_once,
    };
    return suite_run("spares", tests, sizeof tests / sizeof tests[0]);
}
