#include "../src/stack.h"

#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* What a thread is asked for, and what it says. */
struct job {
    _Atomic bool may_leave;
    _Atomic bool has_left; /* it has said stack_leave, and has not ended */
    _Atomic bool may_end;
    _Atomic(struct stack *) stack;
    _Atomic(char *) local; /* something on its stack */
};

/* What each thread of a host has besides. */
static _Thread_local volatile char of_each_thread[300 * 1024];

static void await(const _Atomic bool *is)
{
    while (!atomic_load(is))
        sched_yield();
}

static void *thread_main(void *argument)
{
    struct stack *stack = argument;
    struct job *job = stack->job;
    char local = 'x';

    of_each_thread[sizeof of_each_thread - 1] = 'x';
    atomic_store(&job->local, &local);
    atomic_store(&job->stack, stack);
    await(&job->may_leave);
    stack_leave(stack);
    atomic_store(&job->has_left, true);
    await(&job->may_end);
    return NULL;
}

static struct stack *start(struct job *job)
{
    struct stack *stack;

    *job = (struct job){0};
    stack_prepare();
    ck_assert_int_eq(stack_make(&stack), 0);
    ck_assert_int_eq(stack_start(stack, thread_main, job), 0);
    while (atomic_load(&job->stack) == NULL)
        sched_yield();
    return atomic_load(&job->stack);
}

/* msync(2) says ENOMEM of what is not mapped. */
static bool is_mapped(const char *byte)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    return msync((void *)((uintptr_t)byte / page * page), 1, MS_ASYNC) == 0 || errno != ENOMEM;
}

static void *free_it(void *stack)
{
    stack_free(stack);
    return NULL;
}

START_TEST(who_frees_it_waits_for_its_thread)
{
    struct job job;
    struct stack *stack = start(&job);
    pthread_t other;

    atomic_store(&job.may_leave, true);
    await(&job.has_left);
    ck_assert_int_eq(pthread_create(&other, NULL, free_it, stack), 0);
    for (int i = 0; i < 1000; i++) /* it has every chance to */
        sched_yield();
    ck_assert(is_mapped((char *)stack));
    atomic_store(&job.may_end, true);
    pthread_join(other, NULL);
    ck_assert(!is_mapped((char *)stack));
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* A system call that reads from what may not be read fails, and nothing else happens. */
static bool is_readable(const char *byte)
{
    int pipes[2];

    ck_assert_int_eq(pipe(pipes), 0);
    bool is = write(pipes[1], byte, 1) == 1;
    close(pipes[0]);
    close(pipes[1]);
    return is;
}

static void end(struct job *job, struct stack *stack)
{
    atomic_store(&job->may_leave, true);
    atomic_store(&job->may_end, true);
    await(&job->has_left);
    stack_free(stack);
}

/* From the thread's first frame down: what it may use, and then the guard page. */
START_TEST(it_is_small_and_guarded)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct job job;
    struct stack *stack = start(&job);
    const char *at = atomic_load(&job.local);
    size_t usable = 0;

    while (is_readable(at - usable))
        usable += page;
    ck_assert_uint_ge(usable, (size_t)100 * 1024);
    ck_assert_uint_le(usable, (size_t)128 * 1024 + 2 * page);
    ck_assert(is_mapped(at - usable));
    ck_assert(at < (const char *)stack);
    end(&job, stack);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
    struct rlimit limit;
    struct stack *stack;

    ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    int result = stack_make(&stack);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ck_assert_int_eq(result, -ENOMEM);
}
END_TEST
#endif

int main(void)
{
    const TTest *const tests[] = {
        who_frees_it_waits_for_its_thread,
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        it_is_small_and_guarded,
        without_memory_there_is_none,
#endif
    };
    return suite_run("stack", tests, sizeof tests / sizeof tests[0]);
}
