#include "thread_faults.h"

#include <pthread.h>

_Atomic unsigned thread_calls;
_Atomic unsigned thread_failures;
static _Atomic int thread_error; /* 0: none */
static _Atomic int thread_failures_left;
static _Atomic unsigned thread_successes_left; /* before the failures */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument);

void fail_threads(int error, int times)
{
    atomic_store(&thread_failures_left, times);
    atomic_store(&thread_error, error);
}

void fail_threads_later(int error, unsigned later)
{
    atomic_store(&thread_successes_left, later);
    fail_threads(error, 1);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument)
{
    int error = atomic_load(&thread_error);

    atomic_fetch_add(&thread_calls, 1);
    if (error != 0 && atomic_load(&thread_successes_left) > 0) {
        atomic_fetch_sub(&thread_successes_left, 1);
        error = 0;
    }
    if (error == 0 || atomic_load(&thread_failures_left) == 0)
        return __real_pthread_create(thread, attributes, main, argument);
    atomic_fetch_sub(&thread_failures_left, 1);
    atomic_fetch_add(&thread_failures, 1);
    return error;
}
