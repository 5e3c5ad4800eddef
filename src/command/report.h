/*
 * The statistics on standard error: when SIGUSR1 asks for them, and at the end.
 */
#ifndef REPORT_H
#define REPORT_H

#include "command/log/log_writer.h"

#include <lined.h>
#include <stdbool.h>

/* One line of JSON, see figures.h. log may be NULL. Any thread. */
void report_statistics(lined_server *server, struct log_writer *log);

/* Says how many lines of the packet log are lost, and why; nothing if none is. Returns whether some
 * are. Any thread. */
bool report_lost_lines(struct log_writer *log);

/* A sentence for people, and the same line of JSON. */
void report_summary(lined_server *server, struct log_writer *log);

#endif
