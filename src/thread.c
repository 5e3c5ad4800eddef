#include "thread.h"

#include "invariant.h"

#include <signal.h>

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
