#include "threads.h"

#include "process.h"

#include <check.h>
#include <pthread.h>
#include <unistd.h>

size_t count_threads(void)
{
    const struct process self = {.pid = getpid()};

    return process_threads(&self);
}

void run_threads(void *(*run)(void *number))
{
    static int numbers[THREADS];
    pthread_t threads[THREADS];
    void *result;

    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_nonnull(result);
    }
}
