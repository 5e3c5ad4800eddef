#include "kv_sweeper.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

/* It sweeps at the beginning of a tick, if a key has expired in the tick before. So keys that
 * expire one after another are freed together, at most one tick late. */
#define TICKS_PER_SECOND 4
#define TICK_MS          (1000 / TICKS_PER_SECOND)
#define TICK_NS          (TICK_MS * 1000000L)

#define STACK_SIZE ((size_t)64 * 1024)

void kv_sweeper_init(struct kv_sweeper *sweeper, struct kv_store *store)
{
    pthread_condattr_t monotonic;

    *sweeper = (struct kv_sweeper){.store = store, .due = KV_NO_TICK};
    pthread_mutex_init(&sweeper->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&sweeper->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void kv_sweeper_deinit(struct kv_sweeper *sweeper)
{
    pthread_mutex_lock(&sweeper->lock);
    sweeper->is_ending = true;
    pthread_cond_signal(&sweeper->changed);
    pthread_mutex_unlock(&sweeper->lock);
    if (sweeper->is_made)
        pthread_join(sweeper->thread, NULL);
    pthread_cond_destroy(&sweeper->changed);
    pthread_mutex_destroy(&sweeper->lock);
}

/* The first tick that begins after this time. */
static int64_t tick_after(int64_t expires)
{
    return expires == KV_NEVER ? KV_NO_TICK : expires / TICK_MS + 1;
}

static void wait_locked(struct kv_sweeper *sweeper, int64_t due)
{
    const struct timespec until = {.tv_sec = due / TICKS_PER_SECOND,
                                   .tv_nsec = due % TICKS_PER_SECOND * TICK_NS};

    if (due == KV_NO_TICK)
        pthread_cond_wait(&sweeper->changed, &sweeper->lock);
    else
        pthread_cond_timedwait(&sweeper->changed, &sweeper->lock, &until);
}

/* During a sweep, due is KV_NO_TICK. So a key that is added to a shard after its sweep lowers due.
 * A key that was added before is freed, or counts in the result of kv_sweep. */
static void sweep_locked(struct kv_sweeper *sweeper)
{
    atomic_store(&sweeper->due, KV_NO_TICK);
    pthread_mutex_unlock(&sweeper->lock);
    int64_t next = tick_after(kv_sweep(sweeper->store));
    pthread_mutex_lock(&sweeper->lock);
    if (next < atomic_load(&sweeper->due))
        atomic_store(&sweeper->due, next);
}

static void *run(void *argument)
{
    struct kv_sweeper *sweeper = argument;

    pthread_mutex_lock(&sweeper->lock);
    while (!sweeper->is_ending) {
        int64_t due = atomic_load(&sweeper->due);
        if (kv_now() / TICK_MS < due)
            wait_locked(sweeper, due);
        else
            sweep_locked(sweeper);
    }
    pthread_mutex_unlock(&sweeper->lock);
    return NULL;
}

/* The stack is small, because address space may be limited. If the thread-local variables of the
 * process need more, it has the default size. */
static bool make_thread(struct kv_sweeper *sweeper)
{
    pthread_attr_t attributes;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int error = pthread_create(&sweeper->thread, &attributes, run, sweeper);
    pthread_attr_destroy(&attributes);
    if (error == EINVAL)
        error = pthread_create(&sweeper->thread, NULL, run, sweeper);
    return error == 0;
}

/* due is read without the lock, because most keys do not expire before it. If the sweeper has swept
 * the shard before the key was added, it had set due to KV_NO_TICK before, and the lock of the
 * shard makes this visible here. */
void kv_sweeper_expect(struct kv_sweeper *sweeper, int64_t expires)
{
    int64_t tick = tick_after(expires);

    if (tick >= atomic_load(&sweeper->due))
        return;
    pthread_mutex_lock(&sweeper->lock);
    if (!sweeper->is_made)
        sweeper->is_made = make_thread(sweeper);
    if (sweeper->is_made && tick < atomic_load(&sweeper->due)) {
        atomic_store(&sweeper->due, tick);
        pthread_cond_signal(&sweeper->changed);
    }
    pthread_mutex_unlock(&sweeper->lock);
}
