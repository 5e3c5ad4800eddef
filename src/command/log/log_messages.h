/*
 * Messages about the packet log, on standard error.
 */
#ifndef LOG_MESSAGES_H
#define LOG_MESSAGES_H

#include "log_writer.h"

extern const struct log_events log_messages;

#endif
