/*
 * A histogram of times: 64 buckets for each power of two. So a value from it is within 1.6 % of the
 * recorded value, from one nanosecond to hours, in constant memory. Pure.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS (64 * 48)

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total;
    uint64_t most; /* the exact maximum */
};

/* Adds the same time count times. */
void histogram_add(struct histogram *histogram, uint64_t nanoseconds, uint64_t count);

/* The quantile: the time that this share (0 to 1) of all times does not exceed; 0 if there are
 * none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
