/*
 * Sums over all connections of a server, including those that have ended. Each worker counts in
 * variables of its own and adds them here, once for each batch of lines.
 *
 * There is no lock, so that a reader delays no connection. Relaxed atomic additions are enough: a
 * sum that is a moment old is as good as a new one. A thread that has waited for a connection's
 * release sees its last additions, since both take the life cycle's lock.
 */
#ifndef TOTALS_H
#define TOTALS_H

#include "lined.h"

#include <stdatomic.h>
#include <stdint.h>

/* Threads that add at the same time should not share a cache line: each connection uses one of
 * these cells, chosen by its descriptor's number. */
#define TOTALS_CELLS 64u

struct totals_cell {
    _Atomic uint64_t lines;
    _Atomic uint64_t bytes_in;
    _Atomic uint64_t bytes_out;
    _Atomic uint64_t bytes_dropped;
    _Atomic uint64_t slow_consumers;
    _Atomic uint64_t bad_proxy_headers;
    char padding[16]; /* to 64 bytes: a new counter takes 8 of these */
};
_Static_assert(sizeof(struct totals_cell) == 64, "one cache line");

struct totals {
    struct totals_cell cells[TOTALS_CELLS];
    _Atomic uint64_t closed[LINED_REASONS_MAX]; /* once for each connection: no cells */
    _Atomic uint64_t closed_errors;
};

/* Counts that a worker has not added yet. The worker owns them. */
struct totals_pending {
    uint64_t lines;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t bytes_dropped;
    uint64_t slow_consumers;
    uint64_t bad_proxy_headers;
};

static inline struct totals_cell *totals_cell(struct totals *totals, int fd)
{
    return &totals->cells[(unsigned)fd % TOTALS_CELLS];
}

/* Adds the pending counts, which are 0 afterwards. Any thread. */
void totals_add(struct totals_cell *cell, struct totals_pending *pending);

/* Counts a connection that has ended for this reason. Any thread. */
void totals_closed(struct totals *totals, int reason);

/* Writes the sums into the fields of the same names. Any thread. */
void totals_read(struct totals *totals, struct lined_stats *stats);

#endif
