/*
 * Idle worker threads. Creating and ending a thread is a large part of the cost of a connection
 * that sends one line and ends. So a thread waits here for the next connection after the end of
 * one, for one second.
 *
 * The cache counts every worker thread, from before it is created until thread_cache_leave, so that
 * thread_cache_end can wait for all of them. The threads are detached: a thread that has left may
 * still run its last instructions, which touch nothing of the server.
 */
#ifndef THREAD_CACHE_H
#define THREAD_CACHE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many threads may be idle at a time, and for how long. An idle thread keeps its stack. */
#define THREAD_CACHE_MAX     64
#define THREAD_CACHE_WAIT_MS 1000

/* An idle thread, in a variable on its own stack. */
struct idle_thread {
    struct idle_thread *next; /* lock */
    void *job;                /* lock; set with is_called; NULL: the thread is to end */
    bool is_called;           /* lock; set by the thread that takes it off the list */
    pthread_cond_t called;    /* with the lock; timed by CLOCK_MONOTONIC */
};

struct thread_cache {
    pthread_mutex_t lock;
    pthread_cond_t ended;     /* for thread_cache_end: threads has become 0 */
    struct idle_thread *idle; /* lock; last in, first out: its caches are warm */
    size_t idle_count;        /* lock; threads in thread_cache_wait, called already or not */
    size_t threads;           /* lock; all worker threads, idle or not */
    bool is_over;             /* lock; no thread becomes idle any more */
};

void thread_cache_init(struct thread_cache *cache);

/* After thread_cache_end. */
void thread_cache_deinit(struct thread_cache *cache);

/* Passes the job to an idle thread: true. False: none is idle. Then the caller creates a thread,
 * which is counted already, or takes that back with thread_cache_not_created. */
bool thread_cache_pass(struct thread_cache *cache, void *job);
void thread_cache_not_created(struct thread_cache *cache);

/* Called by a worker thread that has done its job: returns the next job, or NULL after wait_ms or
 * at the end. Then the thread calls thread_cache_leave. */
void *thread_cache_wait(struct thread_cache *cache, uint32_t wait_ms);

/* The last call of a worker thread. The cache may be gone when it returns. */
void thread_cache_leave(struct thread_cache *cache);

/* Ends all threads, those that have a job after it, and waits until every one has left. No job may
 * be passed any more. Two threads may call it at once. */
void thread_cache_end(struct thread_cache *cache);

#endif
