/*
 * Statistics on standard error: on SIGUSR1 and at the end.
 */
#ifndef REPORT_H
#define REPORT_H

#include "command/log/log_writer.h"
#include "statistics.h"

#include <lined.h>
#include <stdbool.h>

/* The statistics as of now. log may be NULL. Any thread. */
struct statistics report_take(lined_server *server, struct log_writer *log);

/* Prints one line of JSON, see statistics.h. log may be NULL. Any thread. */
void report_statistics(lined_server *server, struct log_writer *log);

/* Prints how many lines of the packet log are lost, and the cause; nothing if none is lost. Returns
 * true if some are lost. Any thread. */
bool report_lost_lines(struct log_writer *log);

/* Prints the summary in words, and the statistics as JSON. */
void report_summary(lined_server *server, struct log_writer *log);

#endif
