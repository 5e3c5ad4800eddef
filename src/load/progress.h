/*
 * A progress line on standard error, if it is a terminal and the load takes longer than a moment;
 * and Ctrl-C.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The maximum length of a wait, so that progress is shown in time. */
#define PROGRESS_WAIT_MS 1000

/* Called once, at the beginning: checks if standard error is a terminal, and handles SIGINT and
 * SIGTERM: the first signal ends the load with the results so far, the second ends the process at
 * once. */
void progress_init(void);

/* True if it is time for another progress line. Cheap. */
bool progress_is_due(uint64_t now_ns);

/* Replaces the progress line. */
__attribute__((format(printf, 2, 3))) void progress_show(uint64_t now_ns, const char *format, ...);

/* Removes the progress line. */
void progress_wipe(void);

/* True after the first signal. */
bool progress_is_interrupted(void);

#endif
