/*
 * How many connections this system lets lined have: a descriptor and a thread for each.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the system allows a process, and what is in use already. LIMITS_NONE: no limit, or none that
 * can be read. */
#define LIMITS_NONE UINT64_MAX

struct limits {
    uint64_t descriptors;      /* RLIMIT_NOFILE */
    uint64_t descriptors_used; /* of these, open already */
    uint64_t user_threads;     /* RLIMIT_NPROC, where it binds the user: what that user's other
                                * processes leave of it, for their threads count, too */
    uint64_t system_threads;   /* kernel.threads-max, kernel.pid_max: what is left of them */
    uint64_t group_threads;    /* pids.max of the control group: what is left of it */
    uint64_t maps;             /* vm.max_map_count */
    uint64_t address_kb;       /* RLIMIT_AS: what is left of it, in KiB */
    uint64_t data_kb;          /* RLIMIT_DATA: the same */
};

/* Raises RLIMIT_NOFILE to its hard limit, for this process. */
void limits_raise(void);

/* Reads the limits, for a lined that serves as that user. root is where /proc and /sys are found,
 * "" but for tests. */
void limits_read(struct limits *limits, const char *root, uid_t user);

/* The limit that binds. */
struct limits_bound {
    size_t connections; /* how many it allows, less a reserve; 0: lined cannot serve under it */
    const char *name;
    const char *raised_by; /* how to raise it */
    const char *unit;      /* what it limits */
    uint64_t left;         /* how many of these it leaves lined */
    uint64_t own;          /* how many of these lined needs, beside those of its connections */
};

/* Pure. */
struct limits_bound limits_connections(const struct limits *limits);

/* What may limit threads, as text, after one could not be made: with the values of those limits
 * that belong to the process. */
#define LIMITS_TEXT_SIZE 256
const char *limits_of_threads(char text[LIMITS_TEXT_SIZE]);

#endif
