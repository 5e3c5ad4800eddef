#include "watch.h"

#include <check.h>
#include <time.h>

static void saw(struct watch *watch, size_t *count)
{
    pthread_mutex_lock(&watch->lock);
    (*count)++;
    pthread_cond_broadcast(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
}

static void saw_line(void *context, lined_conn *conn, void **slot, const char *line, size_t size)
{
    struct watch *watch = context;

    (void)slot;
    (void)line;
    (void)size;
    saw(watch, &watch->lines);
}

static void saw_batch_ends(void *context, lined_conn *conn, void **slot)
{
    struct watch *watch = context;

    (void)slot;
    saw(watch, &watch->batch_ends);
}

static void saw_closed(void *context, lined_conn *conn, void **slot, int reason)
{
    struct watch *watch = context;

    (void)slot;
    (void)conn;
    pthread_mutex_lock(&watch->lock);
    watch->closed++;
    watch->last_reason = reason;
    pthread_cond_broadcast(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
}

void watch_init(struct watch *watch)
{
    pthread_condattr_t monotonic;

    *watch = (struct watch){
        .observer = {
            .context = watch, .line = saw_line, .batch_end = saw_batch_ends, .closed = saw_closed}};
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static int await(struct watch *watch, const size_t *count, size_t wanted, const char *what)
{
    struct timespec deadline;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += 30;
    pthread_mutex_lock(&watch->lock);
    while (*count < wanted) {
        if (pthread_cond_timedwait(&watch->changed, &watch->lock, &deadline) != 0)
            ck_abort_msg("%zu of %zu %s in 30 seconds", *count, wanted, what);
    }
    int reason = watch->last_reason;
    pthread_mutex_unlock(&watch->lock);
    return reason;
}

void watch_await_lines(struct watch *watch, size_t lines)
{
    await(watch, &watch->lines, lines, "lines");
}

int watch_await_closed(struct watch *watch, size_t closed)
{
    return await(watch, &watch->closed, closed, "closes");
}

size_t watch_count_closed(struct watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    size_t closed = watch->closed;
    pthread_mutex_unlock(&watch->lock);
    return closed;
}
