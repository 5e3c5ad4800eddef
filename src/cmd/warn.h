/*
 * Warnings that can come often, on standard error: of each kind at most one line a second, see
 * coalesce.h.
 *
 * Who says what was held back: whoever warns first after its second; else the taker of signals
 * (stop.h), which a timer wakes with WARN_SIGNAL when the second is over, so that a burst is
 * told of although nothing follows it; and at the latest warn_end. So there is no thread for it,
 * and nobody waits or polls.
 */
#ifndef WARN_H
#define WARN_H

#include <signal.h>
#include <stdint.h>

#define WARN_SIGNAL SIGALRM

enum warn_kind {
    WARN_ACCEPT,
    WARN_THREAD,
    WARN_LIMIT,
    WARN_LOG,
    WARN_KINDS,
};

/* From here on warnings can be said. WARN_SIGNAL must be blocked, and stay so. 0 or -errno. */
int warn_init(void);

/* So many warnings of the kind, one at least, of which the text is one. Never waits. Any thread. */
void warn(enum warn_kind kind, uint64_t count, const char *text);

/* WARN_SIGNAL has come: says how many more there were, where their second is over. */
void warn_due(void);

/* Says what is still held back, for the process is about to end. Any thread. */
void warn_end(void);

#endif
