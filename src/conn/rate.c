/* line_rate: a line that has come waits until it is due. */
#define _GNU_SOURCE /* POLLRDHUP */
#include "conn.h"

#include "base/monotonic.h"
#include "lined.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

bool conn_must_wait_for_rate(struct lined_conn *conn, int64_t now)
{
    return pace_due_ms(&conn->pace) > now &&
           lifecycle_conn_phase(conn->service->lifecycle) == LIFECYCLE_RUNNING;
}

/* Why line_rate need not be waited for any more. LINED_OK: the line is due, or a drain has begun.
 */
static int end_of_rate(struct lined_conn *conn, int64_t now)
{
    if (waker_take(&conn->waker))
        return LINED_WOKEN;
    if (deadlines_session_is_over(&conn->deadlines, now))
        return LINED_SESSION_TIMEOUT;
    int result = conn_stop_reason(conn);
    if (result == LINED_OK && conn->deadlines.handler != 0 && now >= conn->deadlines.handler)
        return LINED_DEADLINE;
    return result;
}

/* A stop shuts the reading side down, and poll(2) reports that as POLLRDHUP, but also the client's
 * end: after that only time ends the wait. */
int conn_wait_for_rate(struct lined_conn *conn)
{
    struct pollfd ready[] = {{.fd = conn->entry.fd, .events = POLLRDHUP},
                             {.fd = conn->waker.event, .events = POLLIN}};
    int64_t now = monotonic_ms();

    if (!conn_must_wait_for_rate(conn, now))
        return LINED_OK;
    conn_end_batch(conn);
    int result = conn_send_replies(conn);
    while (result == LINED_OK && conn_must_wait_for_rate(conn, now)) {
        int64_t due =
            deadlines_earlier(deadlines_of_wait(&conn->deadlines), pace_due_ms(&conn->pace));
        int count = poll(ready, 2, due > now ? (int)(due - now) : 0);
        if (count > 0 && ready[1].revents != 0)
            waker_woke(&conn->waker);
        if (count > 0 && ready[0].revents != 0)
            ready[0].fd = -1;
        now = monotonic_ms();
        result = end_of_rate(conn, now);
    }
    return result;
}
