/*
 * The CPU time and memory of the server, and the CPU time of lined-load itself.
 */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>

/* CPU seconds since the start of each process. */
struct usage {
    double server; /* 0 without --pid */
    double own;
};

/* With a pid of 0 the values of the server are 0. Ends lined-load if there is no such process. */
struct usage usage_now(uint32_t pid);

/* The difference. */
struct usage usage_between(struct usage from, struct usage to);

/* The resident memory of the process in KB; 0 if pid is 0. */
uint64_t usage_resident_kb(uint32_t pid);

#endif
