/*
 * The statistics on standard error: when SIGUSR1 asks for them, and at the end.
 */
#ifndef REPORT_H
#define REPORT_H

#include "log_writer.h"

#include <lined.h>

/* One line of JSON, see figures.h. log may be NULL. Any thread. */
void report_figures(lined_server *server, struct log_writer *log);

/* A sentence for people, and the same line of JSON. */
void report_summary(lined_server *server, struct log_writer *log);

#endif
