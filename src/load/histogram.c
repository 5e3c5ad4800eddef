#include "histogram.h"

#include <stddef.h>

/* Below 64 each value has a bucket; above, the highest bit and the six that follow choose one. */
static size_t bucket_of(uint64_t value)
{
    if (value < 64)
        return (size_t)value;
    unsigned shift = 63u - (unsigned)__builtin_clzll(value) - 6;
    size_t bucket = (size_t)shift * 64 + (size_t)(value >> shift);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The largest value of a bucket. */
static uint64_t top_of(size_t bucket)
{
    if (bucket < 128)
        return bucket;
    size_t shift = bucket / 64 - 1;
    return ((uint64_t)(bucket % 64 + 64 + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds, uint64_t count)
{
    if (count == 0)
        return;
    histogram->counts[bucket_of(nanoseconds)] += count;
    histogram->total += count;
    if (nanoseconds > histogram->most)
        histogram->most = nanoseconds;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)histogram->total);
    uint64_t seen = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS && histogram->total > 0; i++) {
        seen += histogram->counts[i];
        if (seen > wanted || seen == histogram->total)
            return top_of(i) < histogram->most ? top_of(i) : histogram->most;
    }
    return 0;
}
