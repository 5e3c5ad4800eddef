/*
 * The last minutes of a server: how many connections and lines it had, every two seconds, in memory
 * of a fixed size.
 */
#ifndef ADMIN_HISTORY_H
#define ADMIN_HISTORY_H

#include <lined.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/* Five minutes. */
#define HISTORY_STEP_MS 2000
#define HISTORY_SAMPLES 150

struct history_sample {
    uint64_t at_ms;     /* the server's uptime */
    uint64_t connected; /* connections at this time */
    uint64_t lines;     /* since the start */
};

struct history {
    pthread_mutex_t lock;
    struct history_sample samples[HISTORY_SAMPLES]; /* lock; a ring */
    size_t added; /* lock; how many there were; the next one goes to added % HISTORY_SAMPLES */
};

/* Its one sample is that of the start: all zero. It needs no end. */
#define HISTORY_INIT {.lock = PTHREAD_MUTEX_INITIALIZER, .added = 1}

/* The sample of statistics. */
struct history_sample history_sample(const struct lined_stats *stats);

/* Adds a sample, in place of the oldest if there is no room. Any thread. */
void history_add(struct history *history, const struct history_sample *sample);

/* Copies the samples, the oldest first, and returns how many there are. Any thread. */
size_t history_read(struct history *history, struct history_sample samples[HISTORY_SAMPLES]);

#endif
