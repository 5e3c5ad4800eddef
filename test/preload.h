/*
 * Lets a call of a lined fail that a test runs: it is started with libfault.so (faults/fault.c)
 * preloaded.
 */
#ifndef PRELOAD_H
#define PRELOAD_H

#include "faults/fault.h"

/* From here on commands are run with the library preloaded: the call fails with the errno, by name;
 * which and number say which of the calls, see fault.c: "FAULT_AT", "3". Nothing fails before the
 * test sets armed in what this returns. */
struct fault_control *preload_fault(const char *call, const char *error, const char *which,
                                    const char *number);

/* From here on they are run without. */
void preload_end(void);

/* The control is not looked at any more. */
void preload_free(struct fault_control *control);

#endif
