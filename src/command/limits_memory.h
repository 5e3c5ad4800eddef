/*
 * How much memory the process may use.
 */
#ifndef LIMITS_MEMORY_H
#define LIMITS_MEMORY_H

#include <stdint.h>

/* The lowest limit. */
struct limits_memory {
    uint64_t bytes;   /* LIMITS_NONE: no limit can be read */
    const char *name; /* for messages, such as "RLIMIT_AS" */
};

/* Compares the physical memory, the limit of the control group and of each of its parents (version
 * 1 and 2), RLIMIT_AS and RLIMIT_DATA. root as in limits_read. */
struct limits_memory limits_memory_read(const char *root);

#endif
