/*
 * What the packet log can say of a connection.
 */
#ifndef LOG_EVENT_H
#define LOG_EVENT_H

#include <stdbool.h>
#include <stdint.h>

enum log_event_kind { LOG_EVENT_OPEN, LOG_EVENT_LINE, LOG_EVENT_CLOSE };

struct log_event {
    enum log_event_kind kind;
    int64_t time_us;  /* since 1970 */
    uint64_t conn;    /* the number of the connection's handle */
    const char *peer; /* its address, terminated */
    uint64_t bytes;   /* of the line; LOG_EVENT_CLOSE: received in the whole connection */
    const char *line; /* LOG_EVENT_LINE: any bytes */

    /* LOG_EVENT_CLOSE. */
    const char *reason;    /* of lined_reason: ASCII letters, digits and spaces, terminated */
    bool is_end_of_client; /* the client has ended or reset the connection */
};

#endif
