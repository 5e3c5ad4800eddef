#include "thread.h"

#include "invariant.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* More than the thread-local storage of any program. */
#define STACK_SIZE_MAX ((size_t)64 * 1024 * 1024)

static int create(pthread_t *thread, int detach_state, size_t stack_size,
                  void *(*main)(void *argument), void *argument)
{
    pthread_attr_t attributes;

    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    INVARIANT(pthread_attr_setdetachstate(&attributes, detach_state) == 0);
    INVARIANT(pthread_attr_setstacksize(&attributes, stack_size) == 0);
    error = pthread_create(thread, &attributes, main, argument);
    INVARIANT(pthread_attr_destroy(&attributes) == 0);
    return error;
}

static int create_growing(pthread_t *thread, int detach_state, size_t *stack_size,
                          void *(*main)(void *argument), void *argument)
{
    int error = create(thread, detach_state, *stack_size, main, argument);

    while (error == EINVAL && *stack_size < STACK_SIZE_MAX) {
        *stack_size *= 2;
        error = create(thread, detach_state, *stack_size, main, argument);
    }
    return -error;
}

int thread_start(pthread_t *thread, void *(*main)(void *argument), void *argument)
{
    return thread_start_sized(thread, THREAD_STACK_SIZE, main, argument);
}

int thread_start_sized(pthread_t *thread, size_t stack_size, void *(*main)(void *argument),
                       void *argument)
{
    sigset_t every;
    sigset_t before;

    sigfillset(&every);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &every, &before) == 0);
    int result = create_growing(thread, PTHREAD_CREATE_JOINABLE, &stack_size, main, argument);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return result;
}

int thread_start_detached(size_t *stack_size, void *(*main)(void *argument), void *argument)
{
    pthread_t unused;

    return create_growing(&unused, PTHREAD_CREATE_DETACHED, stack_size, main, argument);
}

static void refuse(void *unused)
{
    (void)unused;
    fputs("lined: a callback has ended its thread, by pthread_exit or as one that is cancelled: a "
          "callback must return\n",
          stderr);
    abort();
}

void *thread_run_callbacks(void *(*rest)(void *argument), void *argument)
{
    void *result;

    pthread_cleanup_push(refuse, NULL);
    result = rest(argument);
    pthread_cleanup_pop(0);
    return result;
}
