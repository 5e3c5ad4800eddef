#include "accept_errors.h"

#include "base/invariant.h"

#include <stddef.h>
#include <stdint.h>

void accept_errors_init(struct accept_errors *errors)
{
    *errors = (struct accept_errors){0};
    INVARIANT(pthread_mutex_init(&errors->lock, NULL) == 0);
}

void accept_errors_deinit(struct accept_errors *errors)
{
    INVARIANT(pthread_mutex_destroy(&errors->lock) == 0);
}

/* Adds count to the entry of the errno, or to a new one. accept_verdict knows fewer errnos than
 * there is room for, and any other one is fatal, so there is no room only if several acceptors have
 * failed for different reasons: then the last reason is not counted. */
static void add(struct lined_accept_error *counts, int error, uint64_t count)
{
    size_t i = 0;

    while (i < LINED_ACCEPT_ERRORS_MAX && counts[i].count > 0 && counts[i].error != error)
        i++;
    if (i == LINED_ACCEPT_ERRORS_MAX)
        return;
    counts[i].error = error;
    counts[i].count += count;
}

void accept_errors_add(struct accept_errors *errors, int error)
{
    INVARIANT(pthread_mutex_lock(&errors->lock) == 0);
    add(errors->counts, error, 1);
    INVARIANT(pthread_mutex_unlock(&errors->lock) == 0);
}

void accept_errors_stats(struct accept_errors *errors, struct lined_stats *stats)
{
    INVARIANT(pthread_mutex_lock(&errors->lock) == 0);
    for (size_t i = 0; i < LINED_ACCEPT_ERRORS_MAX && errors->counts[i].count > 0; i++)
        add(stats->accept_errors, errors->counts[i].error, errors->counts[i].count);
    INVARIANT(pthread_mutex_unlock(&errors->lock) == 0);
}
