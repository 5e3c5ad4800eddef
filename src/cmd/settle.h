/*
 * Between binding the port and serving: the command gives up what serving does not need. That is
 * the one moment when the port is bound and there is no thread yet, so what is given up then, every
 * thread lacks.
 */
#ifndef SETTLE_H
#define SETTLE_H

#include "log_writer.h"
#include "options.h"
#include "privileges.h"

#include <lined.h>
#include <stdbool.h>

/* Returns a copy of the worker whose start settles: first it becomes the user, then it runs the
 * worker's own start, then it enters the sandbox, then it starts the packet log, which observer is
 * set to show. What is handed over must outlive the server; privileges counts only where options
 * have a user. Once in a process, for a worker's start is given nothing of its own. */
struct lined_worker settle_before(const struct lined_worker *worker, const struct options *options,
                                  const struct privileges *privileges,
                                  struct lined_observer *observer);

/* The port is bound, and settling has begun. */
bool settle_has_begun(void);

/* Settling has failed, and has said why on standard error. */
bool settle_has_failed(void);

/* The packet log that was started; NULL: quiet. */
struct log_writer *settle_log(void);

/* Says what is in force of what would hold a peer that took lined over, and as whom it runs. */
void settle_say(void);

#endif
