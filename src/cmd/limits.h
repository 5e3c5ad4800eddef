/*
 * How many connections this system lets lined have: a descriptor and a thread for each.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the system allows a process, and what is in use already. LIMITS_NONE: no limit, or none that
 * can be read. */
#define LIMITS_NONE UINT64_MAX

struct limits {
    uint64_t descriptors;    /* RLIMIT_NOFILE */
    uint64_t user_processes; /* RLIMIT_NPROC, for a user whom it binds; threads count */
    uint64_t system_threads; /* kernel.threads-max, kernel.pid_max: what is left of them */
    uint64_t group_threads;  /* pids.max of the control group: what is left of it */
    uint64_t maps;           /* vm.max_map_count */
};

/* Raises RLIMIT_NOFILE to its hard limit, for this process. */
void limits_raise(void);

/* Reads the limits. root is where /proc and /sys are found, "" but for tests; is_root: it will
 * serve as root, whom RLIMIT_NPROC does not bind. */
void limits_read(struct limits *limits, const char *root, bool is_root);

/* How many connections they allow, less a reserve, at least 1; *which names the one that binds.
 * Pure.
 */
size_t limits_connections(const struct limits *limits, const char **which);

#endif
