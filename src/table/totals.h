/*
 * Sums over all connections of a server, those that have ended too. Each connection's thread counts
 * for itself and adds what it has counted here, once for each batch of lines.
 *
 * No lock, so that a reader of ten thousand connections' sums delays none of them. Relaxed atomic
 * additions are enough: a sum that is a moment old is as good as a new one, and what a connection
 * added last is seen by a thread that has waited for its release, which takes the registry's lock.
 */
#ifndef TOTALS_H
#define TOTALS_H

#include "lined.h"

#include <stdatomic.h>
#include <stdint.h>

/* Threads that add at the same time should not share a cache line: each connection has one of these
 * cells, by its descriptor's number. */
#define TOTALS_CELLS 64u

struct totals_cell {
    _Atomic uint64_t lines;
    _Atomic uint64_t bytes_in;
    _Atomic uint64_t bytes_out;
    _Atomic uint64_t bytes_dropped;
    _Atomic uint64_t slow_consumers;
    char padding[24]; /* to a cache line */
};

struct totals {
    struct totals_cell cells[TOTALS_CELLS];
};

/* What a thread has counted and not added yet. Owned by that thread. */
struct totals_pending {
    uint64_t lines;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t bytes_dropped;
    uint64_t slow_consumers;
};

static inline struct totals_cell *totals_cell(struct totals *totals, int fd)
{
    return &totals->cells[(unsigned)fd % TOTALS_CELLS];
}

/* Adds what is pending, which is nothing afterwards. Any thread. */
void totals_add(struct totals_cell *cell, struct totals_pending *pending);

/* Writes the sums into the fields of the same names. Any thread. */
void totals_read(struct totals *totals, struct lined_stats *stats);

#endif
