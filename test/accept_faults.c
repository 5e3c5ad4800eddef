#include "accept_faults.h"

#include <errno.h>
#include <sys/socket.h>

_Atomic unsigned accept_calls;
_Atomic int accept_failures_left;
static _Atomic int accept_error; /* 0: none */

int __real_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags);

void fail_accept(int error, int times)
{
    atomic_store(&accept_failures_left, times);
    atomic_store(&accept_error, error);
}

int __wrap_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
    int error = atomic_load(&accept_error);

    atomic_fetch_add(&accept_calls, 1);
    if (error == 0 || atomic_load(&accept_failures_left) == 0)
        return __real_accept4(listener, address, size, flags);
    atomic_fetch_sub(&accept_failures_left, 1);
    errno = error;
    return -1;
}
