#include "../src/base/thread_cache.h"

#include "../src/base/thread.h"
#include "suite.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FOR_EVER_MS (600u * 1000)

struct job {
    _Atomic int done;
    _Atomic bool *holds; /* NULL, or: the job goes on until this is false */
    pthread_t by;
};

static struct thread_cache cache;
static uint32_t wait_ms;
static size_t stack_size;

static void *thread_main(void *argument)
{
    struct job *job = argument;

    do {
        job->by = pthread_self();
        while (job->holds != NULL && atomic_load(job->holds))
            sched_yield();
        atomic_fetch_add(&job->done, 1);
    } while ((job = thread_cache_wait(&cache, wait_ms)) != NULL);
    thread_cache_leave(&cache);
    return NULL;
}

static void begin(uint32_t ms)
{
    wait_ms = ms;
    stack_size = THREAD_STACK_SIZE;
    thread_cache_init(&cache);
}

/* Has the job done, as the acceptor does. Returns whether a thread was idle. */
static bool pass(struct job *job)
{
    if (thread_cache_pass(&cache, job))
        return true;
    ck_assert_int_eq(thread_start_detached(&stack_size, thread_main, job), 0);
    return false;
}

static void await_done(struct job *job)
{
    while (atomic_load(&job->done) == 0)
        sched_yield();
}

static size_t count_idle(void)
{
    size_t count = 0;

    pthread_mutex_lock(&cache.lock);
    for (struct idle_thread *thread = cache.idle; thread != NULL; thread = thread->next)
        count++;
    pthread_mutex_unlock(&cache.lock);
    return count;
}

static void await_idle(size_t count)
{
    while (count_idle() != count)
        sched_yield();
}

static size_t count_threads(void)
{
    pthread_mutex_lock(&cache.lock);
    size_t count = cache.threads;
    pthread_mutex_unlock(&cache.lock);
    return count;
}

static void await_threads(size_t count)
{
    while (count_threads() != count)
        sched_yield();
}

/* Returns once no thread is left: with a thread that was forgotten, never. */
static void end(void)
{
    thread_cache_end(&cache);
    ck_assert_uint_eq(count_threads(), 0);
    thread_cache_deinit(&cache);
}

START_TEST(where_no_thread_is_idle_one_is_to_be_created)
{
    struct job job = {0};

    begin(FOR_EVER_MS);
    ck_assert(!thread_cache_pass(&cache, &job));
    ck_assert_uint_eq(count_threads(), 1);
    thread_cache_not_created(&cache);
    end();
}
END_TEST

START_TEST(an_idle_thread_gets_the_next_job)
{
    struct job first = {0};
    struct job second = {0};

    begin(FOR_EVER_MS);
    ck_assert(!pass(&first));
    await_idle(1);
    ck_assert(pass(&second));
    await_done(&second);
    ck_assert(pthread_equal(first.by, second.by));
    ck_assert_uint_eq(count_threads(), 1);
    end();
}
END_TEST

START_TEST(the_last_thread_that_became_idle_is_the_first_to_get_a_job)
{
    _Atomic bool holds = true;
    struct job jobs[3] = {{0}, {.holds = &holds}, {0}};

    begin(FOR_EVER_MS);
    ck_assert(!pass(&jobs[0]));
    await_idle(1);
    ck_assert(pass(&jobs[1])); /* so that another thread is created */
    ck_assert(!pass(&jobs[2]));
    await_idle(1);
    atomic_store(&holds, false);
    await_idle(2);
    struct job next = {0};
    ck_assert(pass(&next));
    await_done(&next);
    ck_assert(pthread_equal(next.by, jobs[1].by));
    end();
}
END_TEST

START_TEST(an_idle_thread_ends_when_its_time_is_over)
{
    struct job job = {0};

    begin(1);
    ck_assert(!pass(&job));
    await_threads(0);
    ck_assert_uint_eq(count_idle(), 0);
    ck_assert(!thread_cache_pass(&cache, &job));
    thread_cache_not_created(&cache);
    end();
}
END_TEST

START_TEST(no_more_threads_are_idle_than_may_be)
{
    _Atomic bool holds = true;
    struct job jobs[THREAD_CACHE_MAX + 2];

    begin(FOR_EVER_MS);
    for (size_t i = 0; i < THREAD_CACHE_MAX + 2; i++) {
        jobs[i] = (struct job){.holds = &holds};
        ck_assert(!pass(&jobs[i]));
    }
    ck_assert_uint_eq(count_threads(), THREAD_CACHE_MAX + 2);
    atomic_store(&holds, false);
    await_threads(THREAD_CACHE_MAX);
    await_idle(THREAD_CACHE_MAX);
    end();
}
END_TEST

START_TEST(at_the_end_idle_threads_end)
{
    _Atomic bool holds = true;
    struct job jobs[3];

    begin(FOR_EVER_MS);
    for (size_t i = 0; i < 3; i++) {
        jobs[i] = (struct job){.holds = &holds};
        ck_assert(!pass(&jobs[i]));
    }
    atomic_store(&holds, false);
    await_idle(3);
    end();
}
END_TEST

static void *end_all(void *over)
{
    thread_cache_end(&cache);
    atomic_store((_Atomic bool *)over, true);
    return NULL;
}

START_TEST(the_end_waits_for_a_thread_that_has_a_job)
{
    _Atomic bool holds = true;
    _Atomic bool is_over = false;
    struct job first = {.holds = &holds};
    struct job second = {0};
    pthread_t ender;

    begin(FOR_EVER_MS);
    ck_assert(!pass(&first));
    ck_assert(!pass(&second));
    await_idle(1);
    ck_assert_int_eq(pthread_create(&ender, NULL, end_all, &is_over), 0);
    await_threads(1); /* the idle one has ended */
    ck_assert(!atomic_load(&is_over));
    atomic_store(&holds, false);
    pthread_join(ender, NULL);
    ck_assert_int_eq(atomic_load(&first.done), 1);
    end();
}
END_TEST

/* Threads wait no time at all, so that again and again one is called as its time is over: until
 * that was so for one at least. */
START_TEST(each_job_is_done_once)
{
    enum { JOBS = 2000 };
    static struct job jobs[JOBS];
    int passed;

    do {
        passed = 0;
        memset(jobs, 0, sizeof jobs);
        begin(0);
        for (size_t i = 0; i < JOBS; i++) {
            passed += pass(&jobs[i]);
            if (i >= 8) /* not all at once: threads are many */
                await_done(&jobs[i - 8]);
        }
        for (size_t i = 0; i < JOBS; i++)
            await_done(&jobs[i]);
        end();
        for (size_t i = 0; i < JOBS; i++)
            ck_assert_int_eq(jobs[i].done, 1);
    } while (passed == 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        where_no_thread_is_idle_one_is_to_be_created,
        an_idle_thread_gets_the_next_job,
        the_last_thread_that_became_idle_is_the_first_to_get_a_job,
        an_idle_thread_ends_when_its_time_is_over,
        no_more_threads_are_idle_than_may_be,
        at_the_end_idle_threads_end,
        the_end_waits_for_a_thread_that_has_a_job,
        each_job_is_done_once,
    };
    return suite_run("thread_cache", tests, sizeof tests / sizeof tests[0]);
}
