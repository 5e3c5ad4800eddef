/*
 * How long batches take, as a histogram. Relaxed atomic additions in several cells, as in totals.h
 * and for the same reasons.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include "lined.h"

#include <stdatomic.h>
#include <stdint.h>

/* Each connection uses one of these cells, chosen by its descriptor's number. */
#define LATENCY_CELLS 16u

struct latency_cell {
    _Atomic uint64_t count[LINED_LATENCY_BUCKETS];
    _Atomic uint64_t sum_ns;
};

struct latency {
    struct latency_cell cells[LATENCY_CELLS];
};

static inline struct latency_cell *latency_cell(struct latency *latency, int fd)
{
    return &latency->cells[(unsigned)fd % LATENCY_CELLS];
}

/* Counts a batch that took so many nanoseconds. Any thread. */
void latency_add(struct latency_cell *cell, int64_t ns);

/* The sums of all cells. Any thread. */
void latency_read(struct latency *latency, struct lined_latency *sums);

#endif
