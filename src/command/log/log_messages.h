/*
 * Messages about the packet log, on standard error.
 */
#ifndef LOG_MESSAGES_H
#define LOG_MESSAGES_H

#include "log_writer.h"

extern const struct log_events log_messages;

/* The name of the log's destination in messages; "standard output" at first. Call it before the
 * threads start; name must stay valid. */
void log_messages_set_destination(const char *name);
const char *log_messages_destination(void);

#endif
