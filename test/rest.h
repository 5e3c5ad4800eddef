/*
 * A process that must rest, not spin, for tests.
 */
#ifndef REST_H
#define REST_H

#include <sys/types.h>

/* Fails the test if the process uses 2 % of a core or more; getpid() stands for the test itself. It
 * is measured for half a second, at most five times, and the lowest result counts: a process that
 * spins does so each time, but on a busy machine a wake-up can take long once. */
void expect_rest(pid_t pid);

#endif
