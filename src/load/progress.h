/*
 * One line on standard error that says how far it is, where that is a terminal and it takes more
 * than a moment; and Ctrl-C.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* How long a wait may be at most, so that progress is shown in time. */
#define PROGRESS_WAIT_MS 1000

/* Once, at the beginning: finds out whether standard error is a terminal, and takes SIGINT and
 * SIGTERM: the first asks for the figures so far, the second ends at once. */
void progress_init(void);

/* Whether it is time for another line. Cheap; ask as often as you like. */
bool progress_is_due(uint64_t now_ns);

/* Shows this text in place of the last. */
__attribute__((format(printf, 2, 3))) void progress_show(uint64_t now_ns, const char *format, ...);

/* Takes the line off the terminal. */
void progress_wipe(void);

/* Whether a signal asked for the figures so far. */
bool progress_is_interrupted(void);

#endif
