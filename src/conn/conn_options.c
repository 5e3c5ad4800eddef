/* A handler changes limits of its own connection. */
#include "conn.h"

#include "base/monotonic.h"
#include "lined.h"

#include <errno.h>
#include <stdint.h>

void lined_set_deadline(lined_conn *conn, uint32_t ms)
{
    conn->deadlines.handler = ms == 0 ? 0 : monotonic_ms() + (ms < INT32_MAX ? ms : INT32_MAX);
}

int lined_set_max_line(lined_conn *conn, size_t size)
{
    if (size < LINED_MAX_LINE_MIN || size > LINED_MAX_LINE_MAX)
        return -EINVAL;
    conn->in.max_line = size;
    conn->has_changed = true;
    return LINED_OK;
}

int lined_set_timeout(lined_conn *conn, enum lined_timeout timeout, uint32_t ms)
{
    if (ms > INT32_MAX)
        return -EINVAL;
    switch (timeout) {
    case LINED_TIMEOUT_SEND:
        conn->has_send_timeout = true;
        conn->send_timeout_ms = ms;
        return LINED_OK;
    case LINED_TIMEOUT_IDLE:
        deadlines_set_idle(&conn->deadlines, ms);
        return LINED_OK;
    case LINED_TIMEOUT_LINE:
        deadlines_set_line(&conn->deadlines, ms);
        return LINED_OK;
    case LINED_TIMEOUT_SESSION:
        deadlines_set_session(&conn->deadlines, ms == 0 ? 0 : conn->accepted_ms + ms,
                              monotonic_ms());
        return LINED_OK;
    }
    return -EINVAL;
}
