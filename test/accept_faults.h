/*
 * accept4(2) that fails, for tests of a server in the test itself. It stands in for libc's by
 * lined_wrap(MODULE accept4) in CMakeLists.txt.
 */
#ifndef ACCEPT_FAULTS_H
#define ACCEPT_FAULTS_H

#include <stdatomic.h>

extern _Atomic unsigned accept_calls;
extern _Atomic int accept_failures_left;

/* The next calls fail with this errno, this number of them; below 0: until errno is 0. */
void fail_accept(int error, int times);

#endif
