/*
 * Events of the packet log as text, in each style. Pure.
 */
#ifndef LOG_FORMAT_H
#define LOG_FORMAT_H

#include "json_line.h"
#include "log_event.h"
#include "log_style.h"

#include <stdbool.h>
#include <stddef.h>

/* True: the style shows the time, the address and the number of the connection. */
bool log_format_has_peer(const struct log_style *style);

/* The maximum size of the text of a line of size bytes; of another event with size 0. */
size_t log_format_bound(const struct log_style *style, size_t size);

/* The maximum for any event. */
#define LOG_FORMAT_MAX JSON_LINE_MAX

/* Writes the text and an LF, not terminated, and returns the size; 0: the style has no text for
 * this event. */
size_t log_format(char *to, const struct log_style *style, const struct log_event *event);

#endif
