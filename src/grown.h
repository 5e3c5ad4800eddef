/*
 * How many connections have buffers that have grown, to tell when a burst of large pipelines is
 * over. Then what they had is free, but lies between what others have, and the C library keeps it.
 */
#ifndef GROWN_H
#define GROWN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Fewer are no burst. */
#define GROWN_MOST 64

struct grown {
    pthread_mutex_t lock;
    size_t now;    /* lock; connections with grown buffers */
    size_t crest;  /* lock; the most there were since they were found to have halved */
    bool is_burst; /* lock; there were GROWN_MOST at a time, since there were none */
};

void grown_init(struct grown *grown);
void grown_deinit(struct grown *grown);

/* The buffers of one more have grown. Any thread. */
void grown_begin(struct grown *grown);

/* One that had grown buffers has given them back. Any thread. True where there are half as many as
 * there were, or fewer, and these were GROWN_MOST at least: once for each time; and after these
 * when there are none. */
bool grown_end(struct grown *grown);

#endif
