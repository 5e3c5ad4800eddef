/*
 * pthread_create(3) that fails, for tests. It stands in for libc's by lined_wrap(MODULE
 * pthread_create) in CMakeLists.txt.
 */
#ifndef THREAD_FAULTS_H
#define THREAD_FAULTS_H

#include <stdatomic.h>

extern _Atomic unsigned thread_calls;
extern _Atomic unsigned thread_failures; /* the calls that were made to fail */

/* The next calls fail with this error, this number of them; below 0: until the error is 0. */
void fail_threads(int error, int times);

/* One call fails, after later calls that succeed. */
void fail_threads_later(int error, unsigned later);

#endif
