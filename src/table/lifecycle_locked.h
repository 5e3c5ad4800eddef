/*
 * The lock, which lifecycle.c and lifecycle_wait.c share.
 */
#ifndef LIFECYCLE_LOCKED_H
#define LIFECYCLE_LOCKED_H

#include "base/invariant.h"
#include "lifecycle.h"

#include <pthread.h>
#include <stdbool.h>

static inline void lifecycle_lock(struct lifecycle *lifecycle)
{
    INVARIANT(pthread_mutex_lock(&lifecycle->lock) == 0);
}

static inline void lifecycle_unlock(struct lifecycle *lifecycle)
{
    INVARIANT(pthread_mutex_unlock(&lifecycle->lock) == 0);
}

/* No connection is present, none can come, and no thread is ending the server. */
static inline bool lifecycle_is_empty_locked(const struct lifecycle *lifecycle)
{
    return lifecycle->present == 0 && lifecycle->accepting == 0 && lifecycle->shutdown_callers == 0;
}

#endif
