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

void spares_init(struct spares *spares)
{
    stack_prepare();
    *spares = (struct spares){0};
    INVARIANT(pthread_mutex_init(&spares->lock, NULL) == 0);
    INVARIANT(pthread_cond_init(&spares->ended, NULL) == 0);
}

void spares_deinit(struct spares *spares)
{
    INVARIANT(spares->threads == 0);
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
 * waits. Signalled under the lock: without it the thread may have gone on, and its stack with it.
 */
static bool call_locked(struct spares *spares, void *job)
{
    struct spare *spare = spares->waiting;

    if (spare == NULL)
        return false;
    spares->waiting = spare->next;
    spare->job = job;
    spare->is_called = true;
    INVARIANT(pthread_cond_signal(&spare->called) == 0);
    return true;
}

bool spares_hand(struct spares *spares, void *job)
{
    lock(spares);
    bool is_handed = call_locked(spares, job);
    if (!is_handed) {
        spares->threads++;
        if (++spares->staying > spares->crest)
            spares->crest = spares->staying;
    }
    unlock(spares);
    return is_handed;
}

struct stack *spares_take_stack(struct spares *spares)
{
    lock(spares);
    struct stack *stack = spares->left;
    if (stack != NULL && !stack_has_ended(stack))
        stack = NULL;
    if (stack != NULL)
        spares->left = NULL;
    unlock(spares);
    return stack;
}

void spares_not_made(struct spares *spares, struct stack *stack)
{
    lock(spares);
    spares->staying--;
    thread_ends_locked(spares);
    if (spares->left == NULL) {
        spares->left = stack;
        stack = NULL;
    }
    unlock(spares);
    stack_free(stack);
}

static void take_off_locked(struct spares *spares, struct spare *spare)
{
    struct spare **at = &spares->waiting;

    while (*at != spare)
        at = &(*at)->next;
    *at = spare->next;
}

/* Until it is called, or its time is over; in no case does the list keep it. */
static void *wait_locked(struct spares *spares, struct spare *spare, uint32_t wait_ms)
{
    const struct timespec deadline = monotonic_timespec(monotonic_ms() + wait_ms);
    int error = 0;

    *spare = (struct spare){.next = spares->waiting};
    monotonic_cond_init(&spare->called);
    spares->waiting = spare;
    spares->in_wait++;
    while (!spare->is_called && error == 0)
        error = pthread_cond_timedwait(&spare->called, &spares->lock, &deadline);
    INVARIANT(error == 0 || error == ETIMEDOUT);
    if (!spare->is_called)
        take_off_locked(spares, spare);
    spares->in_wait--;
    INVARIANT(pthread_cond_destroy(&spare->called) == 0);
    return spare->job;
}

void *spares_wait(struct spares *spares, uint32_t wait_ms)
{
    struct spare spare;
    void *job = NULL;

    lock(spares);
    if (!spares->is_over && spares->in_wait < SPARES_MOST)
        job = wait_locked(spares, &spare, wait_ms);
    unlock(spares);
    return job;
}

/* ---- threads that end ---- */

/* True where those that stay have become half as many, from SPARES_MOST on. */
static bool have_halved_locked(struct spares *spares)
{
    if (spares->crest < SPARES_MOST || spares->staying > spares->crest / 2)
        return false;
    spares->crest = spares->staying;
    return true;
}

static struct stack *take_left_locked(struct spares *spares)
{
    struct stack *left = spares->left;

    spares->left = NULL;
    return left;
}

void spares_leave(struct spares *spares, struct stack *stack, void (*receded)(void *context),
                  void *context)
{
    lock(spares);
    spares->staying--;
    if (have_halved_locked(spares)) {
        struct stack *left = take_left_locked(spares);
        unlock(spares);
        stack_free(left); /* what malloc kept for each that has ended is free */
        receded(context);
        lock(spares);
    }
    struct stack *left_before = take_left_locked(spares);
    stack_leave(stack);
    spares->left = stack;
    thread_ends_locked(spares);
    unlock(spares);
    stack_free(left_before); /* without the lock: it takes a while, and the acceptor may want it */
}

void spares_end(struct spares *spares)
{
    lock(spares);
    spares->is_over = true;
    while (call_locked(spares, NULL))
        continue;
    while (spares->threads > 0)
        INVARIANT(pthread_cond_wait(&spares->ended, &spares->lock) == 0);
    struct stack *left = take_left_locked(spares);
    unlock(spares);
    stack_free(left);
}
