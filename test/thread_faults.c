#include "thread_faults.h"

#include <pthread.h>

_Atomic unsigned thread_calls;
_Atomic unsigned thread_failures;
static _Atomic int thread_error; /* 0: none */
static _Atomic int thread_failures_left;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument);

void fail_threads(int error, int times)
{
    atomic_store(&thread_failures_left, times);
    atomic_store(&thread_error, error);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *argument), void *argument)
{
    int error = atomic_load(&thread_error);

    atomic_fetch_add(&thread_calls, 1);
    if (error == 0 || atomic_load(&thread_failures_left) == 0)
        return __real_pthread_create(thread, attributes, main, argument);
    atomic_fetch_sub(&thread_failures_left, 1);
    atomic_fetch_add(&thread_failures, 1);
    return error;
}
