/*
 * Warnings that can come often, on standard error: of each kind at most one line a second, see
 * coalesce.h.
 *
 * Who says what was held back: whoever warns first after its second; else the taker of signals
 * (stop.h), which a timer wakes with WARNING_SIGNAL when the second is over, so that a burst is
 * told of although nothing follows it; and at the latest warning_end. So there is no thread for it,
 * and nobody waits or polls.
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

/* From here on warnings can be said. WARNING_SIGNAL must be blocked, and stay so. 0 or -errno. */
int warning_init(void);

/* So many warnings of the kind, one at least, of which the text is one. Never waits. Any thread. */
void warning(enum warning_kind kind, uint64_t count, const char *text);

/* WARNING_SIGNAL has come: says how many more there were, where their second is over. */
void warning_due(void);

/* Says what is still held back, for the process is about to end. Any thread. */
void warning_end(void);

#endif
