/*
 * What processes use: CPU time and memory of the server, CPU time of lined-load itself.
 */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>

/* CPU seconds since each began. */
struct usage {
    double server; /* 0 without a server's process */
    double own;
};

/* pid may be 0: no figures of the server. Ends lined-load where there is no such process. */
struct usage usage_now(uint32_t pid);

/* What was used between the two. */
struct usage usage_between(struct usage from, struct usage to);

/* Resident KB of this process; 0 where pid is 0. */
uint64_t usage_resident_kb(uint32_t pid);

#endif
