#include "totals.h"

#include <stdbool.h>

/* An addition of 0 would cost as much as any other. */
static void add(_Atomic uint64_t *sum, uint64_t *amount)
{
    if (*amount > 0)
        atomic_fetch_add_explicit(sum, *amount, memory_order_relaxed);
    *amount = 0;
}

void totals_add(struct totals_cell *cell, struct totals_pending *pending)
{
    add(&cell->lines, &pending->lines);
    add(&cell->bytes_in, &pending->bytes_in);
    add(&cell->bytes_out, &pending->bytes_out);
    add(&cell->bytes_dropped, &pending->bytes_dropped);
    add(&cell->slow_consumers, &pending->slow_consumers);
    add(&cell->bad_proxy_headers, &pending->bad_proxy_headers);
}

void totals_closed(struct totals *totals, int reason)
{
    /* A handler may have made up its own reason. */
    bool is_known = reason >= 0 && reason < LINED_REASONS_MAX;

    atomic_fetch_add_explicit(is_known ? &totals->closed[reason] : &totals->closed_errors, 1,
                              memory_order_relaxed);
}

static uint64_t sum_of(_Atomic uint64_t *sum)
{
    return atomic_load_explicit(sum, memory_order_relaxed);
}

void totals_read(struct totals *totals, struct lined_stats *stats)
{
    stats->lines = stats->bytes_in = stats->bytes_out = stats->bytes_dropped = 0;
    stats->slow_consumers = stats->bad_proxy_headers = 0;
    for (unsigned i = 0; i < TOTALS_CELLS; i++) {
        struct totals_cell *cell = &totals->cells[i];
        stats->lines += sum_of(&cell->lines);
        stats->bytes_in += sum_of(&cell->bytes_in);
        stats->bytes_out += sum_of(&cell->bytes_out);
        stats->bytes_dropped += sum_of(&cell->bytes_dropped);
        stats->slow_consumers += sum_of(&cell->slow_consumers);
        stats->bad_proxy_headers += sum_of(&cell->bad_proxy_headers);
    }
    stats->closed_errors = sum_of(&totals->closed_errors);
    for (unsigned i = 0; i < LINED_REASONS_MAX; i++)
        stats->closed[i] = sum_of(&totals->closed[i]);
}
