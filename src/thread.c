#include "thread.h"

#include "invariant.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int thread_start(pthread_t *thread, void *(*main)(void *argument), void *argument)
{
    sigset_t every;
    sigset_t before;

    sigfillset(&every);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &every, &before) == 0);
    int error = pthread_create(thread, NULL, main, argument);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return -error;
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
