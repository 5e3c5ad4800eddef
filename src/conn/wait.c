/* lined_wait: a task waits for something else than a line. */
#define _GNU_SOURCE /* POLLRDHUP */
#include "conn.h"

#include "base/monotonic.h"
#include "lined.h"
#include "net/peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* The client's side, or the server, has changed the socket. Nothing is received, so a line that
 * waits stays. LINED_OK: nothing that ends a wait. */
static int socket_change(struct lined_conn *conn, short events)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (outbox_is_slow(&conn->outbox))
        return LINED_SLOW_CONSUMER;
    if (conn->peer_gone || outbox_saw_reset(&conn->outbox))
        return LINED_RESET;
    if ((events & POLLERR) != 0 &&
        getsockopt(conn->entry.fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0) {
        int reason = conn_reason(conn, error);
        conn->peer_gone = reason == LINED_RESET;
        return reason;
    }
    if (events == 0)
        return LINED_OK;
    return peer_state(conn->entry.fd) == PEER_DEAD ? LINED_RESET : LINED_EOF;
}

/* Why the wait is over without a look at the socket; LINED_OK: it is not. */
static int reason_to_stop(struct lined_conn *conn, int64_t now)
{
    if (conn->input_over != LINED_OK)
        return conn->input_over;
    int result = conn_stop_reason(conn);
    if (result != LINED_OK)
        return result;
    if (lifecycle_conn_phase(conn->service->lifecycle) == LIFECYCLE_DRAINING)
        return LINED_STOPPING;
    if (deadlines_session_is_over(&conn->deadlines, now))
        return LINED_SESSION_TIMEOUT;
    if (conn->deadlines.handler != 0 && now >= conn->deadlines.handler)
        return LINED_DEADLINE;
    return LINED_OK;
}

static int timeout_until(int64_t deadline, int64_t now)
{
    if (deadline == 0)
        return -1;
    return deadline > now ? (int)(deadline - now) : 0;
}

/* A drain, a cut and lined_end shut the reading side down, which poll(2) reports as POLLRDHUP. */
int lined_wait(lined_conn *conn)
{
    struct pollfd ready[] = {{.fd = conn->entry.fd, .events = POLLRDHUP},
                             {.fd = conn->waker.event, .events = POLLIN}};

    conn_end_batch(conn);
    int result = conn_send_replies(conn);
    while (result == LINED_OK) {
        if (waker_take(&conn->waker))
            return LINED_WOKEN;
        int64_t now = monotonic_ms();
        result = reason_to_stop(conn, now);
        if (result == LINED_OK)
            result = socket_change(conn, ready[0].revents);
        if (result != LINED_OK)
            break;
        if (poll(ready, 2, timeout_until(deadlines_of_wait(&conn->deadlines), now)) < 0)
            ready[0].revents = ready[1].revents = 0; /* EINTR */
        if (ready[1].revents != 0)
            waker_woke(&conn->waker);
    }
    return result;
}
