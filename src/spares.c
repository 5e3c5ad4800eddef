#include "spares.h"

#include "invariant.h"
#include "monotonic.h"

#include <errno.h>

static void lock(struct spares *spares)
{
    INVARIANT(pthread_mutex_lock(&spares->lock) == 0);
}

static void unlock(struct spares *spares)
{
    INVARIANT(pthread_mutex_unlock(&spares->lock) == 0);
}

static void push(struct spare **list, struct spare *place)
{
    place->next = *list;
    *list = place;
}

static struct spare *pop(struct spare **list)
{
    struct spare *place = *list;

    if (place != NULL)
        *list = place->next;
    return place;
}

void spares_init(struct spares *spares)
{
    *spares = (struct spares){0};
    INVARIANT(pthread_mutex_init(&spares->lock, NULL) == 0);
    INVARIANT(pthread_cond_init(&spares->ended, NULL) == 0);
    for (size_t i = 0; i < SPARES_MOST; i++) {
        monotonic_cond_init(&spares->places[i].called);
        push(&spares->free, &spares->places[i]);
    }
}

void spares_deinit(struct spares *spares)
{
    INVARIANT(spares->threads == 0);
    for (size_t i = 0; i < SPARES_MOST; i++)
        INVARIANT(pthread_cond_destroy(&spares->places[i].called) == 0);
    INVARIANT(pthread_cond_destroy(&spares->ended) == 0);
    INVARIANT(pthread_mutex_destroy(&spares->lock) == 0);
}

static void thread_ends_locked(struct spares *spares)
{
    INVARIANT(spares->threads > 0);
    spares->threads--;
    if (spares->threads == 0 && spares->is_over)
        INVARIANT(pthread_cond_broadcast(&spares->ended) == 0);
}

/* Takes the first that waits off the list and gives it a job, or none: it is to end. False: nobody
 * waits. */
static bool call_locked(struct spares *spares, void *job)
{
    struct spare *place = pop(&spares->waiting);

    if (place == NULL)
        return false;
    place->job = job;
    place->is_called = true;
    INVARIANT(pthread_cond_signal(&place->called) == 0);
    return true;
}

bool spares_hand(struct spares *spares, void *job)
{
    lock(spares);
    bool is_handed = call_locked(spares, job);
    if (!is_handed)
        spares->threads++;
    unlock(spares);
    return is_handed;
}

void spares_not_made(struct spares *spares)
{
    lock(spares);
    thread_ends_locked(spares);
    unlock(spares);
}

static void take_off_locked(struct spares *spares, struct spare *place)
{
    struct spare **at = &spares->waiting;

    while (*at != place)
        at = &(*at)->next;
    *at = place->next;
}

/* Until it is called, or its time is over. */
static void *wait_locked(struct spares *spares, struct spare *place, uint32_t wait_ms)
{
    const struct timespec deadline = monotonic_timespec(monotonic_ms() + wait_ms);
    int error = 0;

    place->job = NULL;
    place->is_called = false;
    push(&spares->waiting, place);
    while (!place->is_called && error == 0)
        error = pthread_cond_timedwait(&place->called, &spares->lock, &deadline);
    INVARIANT(error == 0 || error == ETIMEDOUT);
    if (!place->is_called)
        take_off_locked(spares, place);
    push(&spares->free, place);
    return place->job;
}

void *spares_wait(struct spares *spares, uint32_t wait_ms)
{
    void *job = NULL;

    lock(spares);
    struct spare *place = spares->is_over ? NULL : pop(&spares->free);
    if (place != NULL)
        job = wait_locked(spares, place, wait_ms);
    if (job == NULL)
        thread_ends_locked(spares);
    unlock(spares);
    return job;
}

void spares_end(struct spares *spares)
{
    lock(spares);
    spares->is_over = true;
    while (call_locked(spares, NULL))
        continue;
    while (spares->threads > 0)
        INVARIANT(pthread_cond_wait(&spares->ended, &spares->lock) == 0);
    unlock(spares);
}
