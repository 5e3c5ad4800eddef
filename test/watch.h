/*
 * An observer that remembers what it saw, and lets a test wait for it.
 */
#ifndef WATCH_H
#define WATCH_H

#include <lined.h>
#include <pthread.h>

struct watch {
    struct lined_observer observer;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t lines;      /* lock */
    size_t batch_ends; /* lock */
    size_t closed;     /* lock */
    int last_reason;   /* lock; of the last close */
};

void watch_init(struct watch *watch);

/* Wait until this number of lines was taken, or of connections closed; 30 seconds at most. */
void watch_await_lines(struct watch *watch, size_t lines);

/* Returns the reason of the last of them. */
int watch_await_closed(struct watch *watch, size_t closed);

/* How many have closed by now. */
size_t watch_count_closed(struct watch *watch);

#endif
