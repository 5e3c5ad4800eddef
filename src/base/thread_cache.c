#include "thread_cache.h"

#include "invariant.h"
#include "monotonic.h"

#include <errno.h>

static void lock(struct thread_cache *cache)
{
    INVARIANT(pthread_mutex_lock(&cache->lock) == 0);
}

static void unlock(struct thread_cache *cache)
{
    INVARIANT(pthread_mutex_unlock(&cache->lock) == 0);
}

void thread_cache_init(struct thread_cache *cache)
{
    *cache = (struct thread_cache){0};
    INVARIANT(pthread_mutex_init(&cache->lock, NULL) == 0);
    INVARIANT(pthread_cond_init(&cache->ended, NULL) == 0);
}

void thread_cache_deinit(struct thread_cache *cache)
{
    INVARIANT(cache->threads == 0);
    INVARIANT(pthread_cond_destroy(&cache->ended) == 0);
    INVARIANT(pthread_mutex_destroy(&cache->lock) == 0);
}

static void uncount_locked(struct thread_cache *cache)
{
    INVARIANT(cache->threads > 0);
    cache->threads--;
    if (cache->threads == 0)
        INVARIANT(pthread_cond_broadcast(&cache->ended) == 0);
}

/* Takes the first idle thread off the list and gives it a job; NULL: it is to end. False: no thread
 * is idle. The signal is sent under the lock: without it the thread may have gone on, and its
 * variable with it. */
static bool call_locked(struct thread_cache *cache, void *job)
{
    struct idle_thread *thread = cache->idle;

    if (thread == NULL)
        return false;
    cache->idle = thread->next;
    thread->job = job;
    thread->is_called = true;
    INVARIANT(pthread_cond_signal(&thread->called) == 0);
    return true;
}

bool thread_cache_pass(struct thread_cache *cache, void *job)
{
    lock(cache);
    bool is_passed = call_locked(cache, job);
    if (!is_passed)
        cache->threads++;
    unlock(cache);
    return is_passed;
}

void thread_cache_not_created(struct thread_cache *cache)
{
    lock(cache);
    uncount_locked(cache);
    unlock(cache);
}

static void take_off_locked(struct thread_cache *cache, struct idle_thread *thread)
{
    struct idle_thread **at = &cache->idle;

    while (*at != thread)
        at = &(*at)->next;
    *at = thread->next;
}

/* Until the thread is called, or its time is over. Afterwards the list does not have it any more.
 */
static void *wait_locked(struct thread_cache *cache, struct idle_thread *thread, uint32_t wait_ms)
{
    const struct timespec deadline = monotonic_timespec(monotonic_ms() + wait_ms);
    int error = 0;

    *thread = (struct idle_thread){.next = cache->idle};
    monotonic_cond_init(&thread->called);
    cache->idle = thread;
    cache->idle_count++;
    while (!thread->is_called && error == 0)
        error = pthread_cond_timedwait(&thread->called, &cache->lock, &deadline);
    INVARIANT(error == 0 || error == ETIMEDOUT);
    if (!thread->is_called)
        take_off_locked(cache, thread);
    cache->idle_count--;
    INVARIANT(pthread_cond_destroy(&thread->called) == 0);
    return thread->job;
}

void *thread_cache_wait(struct thread_cache *cache, uint32_t wait_ms)
{
    struct idle_thread thread;
    void *job = NULL;

    lock(cache);
    if (!cache->is_over && cache->idle_count < THREAD_CACHE_MAX)
        job = wait_locked(cache, &thread, wait_ms);
    unlock(cache);
    return job;
}

void thread_cache_leave(struct thread_cache *cache)
{
    lock(cache);
    uncount_locked(cache);
    unlock(cache); /* thread_cache_end goes on only after it */
}

void thread_cache_end(struct thread_cache *cache)
{
    lock(cache);
    cache->is_over = true;
    while (call_locked(cache, NULL))
        continue;
    while (cache->threads > 0)
        INVARIANT(pthread_cond_wait(&cache->ended, &cache->lock) == 0);
    unlock(cache);
}
