/*
 * What registry.c and registry_wait.c share: the lock, and what is asked under it.
 */
#ifndef REGISTRY_LOCKED_H
#define REGISTRY_LOCKED_H

#include "invariant.h"
#include "registry.h"

#include <pthread.h>
#include <stdbool.h>

static inline void registry_lock(struct registry *registry)
{
    INVARIANT(pthread_mutex_lock(&registry->lock) == 0);
}

static inline void registry_unlock(struct registry *registry)
{
    INVARIANT(pthread_mutex_unlock(&registry->lock) == 0);
}

/* Nobody is here, and nobody can come or is ending the server. */
static inline bool registry_is_empty_locked(const struct registry *registry)
{
    return registry->present == 0 && !registry->is_accepting && registry->enders == 0;
}

#endif
