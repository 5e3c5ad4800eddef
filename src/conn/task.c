/* What a task calls: the receives, and lined_wait, which waits for something else than a line. */
#define _GNU_SOURCE /* POLLRDHUP */
#include "conn.h"

#include "base/monotonic.h"
#include "lined.h"
#include "net/peer.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>

int lined_recv_line(lined_conn *conn, const char **line, size_t *size)
{
    if (waker_take(&conn->waker))
        return LINED_WOKEN;
    int result = conn_wait_line(conn, line, size);
    if (result == LINED_OK)
        conn_count_line(conn, *line, *size);
    return result;
}

int lined_recv_text(lined_conn *conn, char **text, size_t *length)
{
    const char *line;
    size_t size;

    int result = lined_recv_line(conn, &line, &size);
    return result == LINED_OK ? conn_make_text(conn, line, size, false, text, length) : result;
}

int lined_recv_exact(lined_conn *conn, const char **bytes, size_t size)
{
    if (size > LINED_EXACT_MAX)
        return -EMSGSIZE;
    return waker_take(&conn->waker) ? LINED_WOKEN : conn_wait_exact(conn, bytes, size);
}

/* ---- lined_wait ---- */

/* The client's side, or the server, has changed the socket. Nothing is received, neither a line
 * that waits nor an error: the next receive finds it. LINED_OK: nothing that ends a wait. */
static int socket_change(struct lined_conn *conn, short events)
{
    if (outbox_is_slow(&conn->outbox))
        return LINED_SLOW_CONSUMER;
    if (conn->peer_gone || outbox_saw_reset(&conn->outbox))
        return LINED_RESET;
    if (events == 0)
        return LINED_OK;
    if (conn->listener->is_unix) /* POLLHUP there: the client has closed its socket */
        return (events & POLLERR) != 0 ? LINED_RESET : LINED_EOF;
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

/* For poll(2), until the next deadline or until enlarged buffers are freed; -1: no limit. */
static int longest_wait(const struct lined_conn *conn, int64_t now)
{
    int64_t deadline = deadlines_of_wait(&conn->deadlines);

    if (conn_can_shrink(conn))
        deadline = deadlines_earlier(deadline, now + CONN_SHRINK_AFTER_MS);
    if (deadline == 0)
        return -1;
    return deadline > now ? (int)(deadline - now) : 0;
}

/* A drain, a cut and lined_end shut the reading side down, which poll(2) reports as POLLRDHUP. */
static int wait_for_change(struct lined_conn *conn)
{
    struct pollfd ready[] = {{.fd = conn->entry.fd, .events = POLLRDHUP},
                             {.fd = conn->waker.event, .events = POLLIN}};

    for (;;) {
        if (waker_take(&conn->waker))
            return LINED_WOKEN;
        int64_t now = monotonic_ms();
        int result = reason_to_stop(conn, now);
        if (result == LINED_OK)
            result = socket_change(conn, ready[0].revents);
        if (result != LINED_OK)
            return result;
        int wait = longest_wait(conn, now);
        int count = poll(ready, 2, wait);
        if (count < 0) /* EINTR */
            ready[0].revents = ready[1].revents = 0;
        if (count == 0 && wait == CONN_SHRINK_AFTER_MS)
            conn_shrink(conn);
        if (ready[1].revents != 0)
            waker_woke(&conn->waker);
    }
}

/* The client was not asked for anything meanwhile: its deadlines begin anew. */
int lined_wait(lined_conn *conn)
{
    conn_end_batch(conn);
    int result = conn_send_replies(conn);
    if (result == LINED_OK)
        result = wait_for_change(conn);
    deadlines_restart(&conn->deadlines);
    return result;
}
