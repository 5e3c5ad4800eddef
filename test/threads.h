/*
 * The threads of a test: how many there are, and threads that do the same at once.
 */
#ifndef THREADS_H
#define THREADS_H

#include <stddef.h>

#define THREADS 8

/* The threads of this process. */
size_t count_threads(void);

/* Runs it on THREADS threads, each with its number, an int from 0. A thread returns NULL where it
 * has seen what it must not: Check's assertions are for the test's own thread. */
void run_threads(void *(*run)(void *number));

#endif
