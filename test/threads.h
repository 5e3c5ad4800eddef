/*
 * Threads that do the same at once, for tests.
 */
#ifndef THREADS_H
#define THREADS_H

#define THREADS 8

/* Runs it on THREADS threads, each with its number, an int from 0. A thread returns NULL where it
 * has seen what it must not: Check's assertions are for the test's own thread. */
void run_threads(void *(*run)(void *number));

#endif
