/*
 * Warnings that can come often, on standard error: of each kind at most one line per second, see
 * rate_limit.h.
 *
 * Suppressed warnings are counted. The count is reported by the next warning of the same kind after
 * the second, or by the thread for signals (stop.h): when the second is over, a timer sends
 * WARNING_SIGNAL. warning_end reports the counts that are left. So no thread polls or waits for
 * this.
 */
#ifndef WARNING_H
#define WARNING_H

#include <signal.h>
#include <stdint.h>

#define WARNING_SIGNAL SIGALRM

enum warning_kind {
    WARNING_ACCEPT,
    WARNING_THREAD,
    WARNING_LIMIT,
    WARNING_LOG,
    WARNING_KINDS,
};

/* Call it before the first warning. WARNING_SIGNAL must be blocked, and must stay blocked. 0 or
 * -errno. */
int warning_init(void);

/* count warnings of this kind, at least one, have come; text is one of them. Never waits. Any
 * thread. */
void warning(enum warning_kind kind, uint64_t count, const char *text);

/* Call it on WARNING_SIGNAL: reports the counts of seconds that are over. */
void warning_due(void);

/* Reports all counts, because the process is about to end. Any thread. */
void warning_end(void);

#endif
