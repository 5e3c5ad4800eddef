/*
 * A histogram of times: 64 buckets to each power of two, so a figure read from it is within 1.6 %
 * of what was recorded, from a nanosecond to hours, in constant memory. Pure.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS (64 * 48)

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t most; /* the greatest that was added, exactly */
};

/* Adds so many of the same. */
void histogram_add(struct histogram *histogram, uint64_t nanoseconds, uint64_t count);

/* The time that a share of all (0 to 1) do not exceed; 0 where there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
