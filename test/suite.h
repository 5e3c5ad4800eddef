/* Runs the tests of one module. Each test is a case of its own, so CK_RUN_CASE=name runs one. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>
#include <stddef.h>

/* Prints "skipped: MODULE: TEST: REASON", which scripts/test.sh shows at its end. The test returns
 * then. Returns 77, the exit status by which ctest knows that all of a module is skipped. */
int suite_skip(const char *reason);

/* Returns main's exit status: a failure, and no test run at all, are not 0. The environment
 * variable TEST_SKIP can name a file with lines "TEST: REASON". These tests are not run, and
 * printed as skipped. */
int suite_run(const char *name, const TTest *const tests[], size_t count);

/* The same, each test the given number of times, with _i from 0. */
int suite_run_loop(const char *name, const TTest *const tests[], size_t count, int times);

#endif
