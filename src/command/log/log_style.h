/*
 * What the packet log has, and its form.
 */
#ifndef LOG_STYLE_H
#define LOG_STYLE_H

#include <stdbool.h>

enum log_format {
    LOG_INSPECT, /* see inspect.h */
    LOG_JSON,    /* see json_line.h */
};

struct log_style {
    enum log_format format;
    bool has_peer;     /* LOG_INSPECT: each log line begins with the time and the address */
    bool omits_probes; /* no log line for a connection that sends no byte */
    bool omits_lines;  /* no log line for a client's line */
};

#endif
