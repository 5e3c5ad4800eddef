#include "latency.h"

/* The last bucket has no bound. */
static const uint32_t bounds_us[LINED_LATENCY_BUCKETS - 1] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000};

void latency_add(struct latency_cell *cell, int64_t ns)
{
    unsigned i = 0;

    while (i < LINED_LATENCY_BUCKETS - 1 && ns > (int64_t)bounds_us[i] * 1000)
        i++;
    atomic_fetch_add_explicit(&cell->count[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&cell->sum_ns, (uint64_t)ns, memory_order_relaxed);
}

void latency_read(struct latency *latency, struct lined_latency *sums)
{
    uint64_t sum_ns = 0;

    *sums = (struct lined_latency){.sum_us = 0};
    for (unsigned i = 0; i < LATENCY_CELLS; i++) {
        struct latency_cell *cell = &latency->cells[i];
        for (unsigned bucket = 0; bucket < LINED_LATENCY_BUCKETS; bucket++)
            sums->count[bucket] += atomic_load_explicit(&cell->count[bucket], memory_order_relaxed);
        sum_ns += atomic_load_explicit(&cell->sum_ns, memory_order_relaxed);
    }
    sums->sum_us = sum_ns / 1000;
    for (unsigned i = 0; i < LINED_LATENCY_BUCKETS - 1; i++)
        sums->bound_us[i] = bounds_us[i];
    sums->bound_us[LINED_LATENCY_BUCKETS - 1] = UINT64_MAX;
}
