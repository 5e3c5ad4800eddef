/* The end of a connection: no reply is lost on its way. */
#include "conn.h"

#include "base/monotonic.h"
#include "net/peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* How long lined waits for the client to end its side, so that it can read the last replies. After
 * a deadline it is less: a deadline may be noticed late, and the connection is to be gone within
 * one second. */
#define LINGER_MS                1000
#define LINGER_AFTER_DEADLINE_MS 500

/* How often a drain checks for acknowledgements, for which the kernel has no event. */
#define ACKNOWLEDGED_CHECK_MS 5u

/* Ends our side and reads until the client has ended its own: closing with unread bytes would
 * send a reset, which can destroy replies that the client has not read (RFC 1122, 4.2.2.13). */
static void wait_for_client_end(int fd, int64_t ms)
{
    char unwanted[1024];
    int64_t deadline = monotonic_ms() + ms;
    struct pollfd readable = {.fd = fd, .events = POLLIN};

    shutdown(fd, SHUT_WR);
    for (;;) {
        int64_t left = deadline - monotonic_ms();
        if (left <= 0 || poll(&readable, 1, (int)left) == 0)
            return;
        ssize_t size = recv(fd, unwanted, sizeof unwanted, MSG_DONTWAIT);
        if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN))
            return;
    }
}

/* In a drain our reading side is shut down. If our writing side were shut down too, the kernel
 * would answer further bytes of the client with a reset (tcp_rcv_state_process). So the writing
 * side stays open until the client's kernel has acknowledged every reply. A cut ends the wait. */
static void wait_for_acknowledgements(struct lined_conn *conn)
{
    if (conn->listener->is_unix) /* the replies are in the client's receive queue, and stay there */
        return;
    while (peer_unacknowledged(conn->entry.fd) > 0 &&
           !lifecycle_wait_cut(conn->service->lifecycle, ACKNOWLEDGED_CHECK_MS))
        continue;
}

/* After lined_end the close resets the connection if the client sends, or has sent bytes that are
 * not read: so it must have the replies first. The bytes are left unread on purpose: after
 * shutdown(SHUT_RD) a receive opens the window for the client no more, and without the reset the
 * client could wait for a minute until it can send. For a client that is silent it is enough that
 * the last byte is on its way, and was for a moment: its kernel may delay the acknowledgement by 40
 * ms. */
static void linger_after_end(struct lined_conn *conn, int64_t ms)
{
    int64_t deadline = monotonic_ms() + ms;
    bool was_on_its_way = false;
    int fd = conn->entry.fd;

    while (!conn->listener->is_unix && peer_unacknowledged(fd) > 0 && monotonic_ms() < deadline) {
        bool is_silent = line_buffer_unread(&conn->in) == 0 && peer_readable(fd) == 0;
        bool is_on_its_way = is_silent && peer_unsent(fd) == 0;
        if (is_on_its_way && was_on_its_way)
            return;
        was_on_its_way = is_on_its_way;
        if (lifecycle_wait_cut(conn->service->lifecycle, ACKNOWLEDGED_CHECK_MS))
            return;
    }
}

/* True: replies may be on their way to a client that may take them. */
static bool may_have_replies_in_flight(const struct lined_conn *conn, int reason)
{
    return reason != LINED_RESET && reason != LINED_SEND_TIMEOUT && reason != LINED_CUT &&
           reason != LINED_SLOW_CONSUMER && reason != LINED_LOST && reason != LINED_DENIED &&
           reason != LINED_BAD_PROXY_HEADER && conn->send_failed == LINED_OK && !conn->peer_gone;
}

int conn_finish(struct lined_conn *conn, int reason)
{
    if (!may_have_replies_in_flight(conn, reason))
        return reason;
    int failed = conn_send_last(conn);
    if (failed != LINED_OK)
        return failed;
    if (reason != LINED_EOF && lifecycle_phase(conn->service->lifecycle) == LIFECYCLE_DRAINING)
        wait_for_acknowledgements(conn);
    return lifecycle_phase(conn->service->lifecycle) == LIFECYCLE_CUT ? LINED_CUT : reason;
}

static int64_t linger_ms(int reason)
{
    switch (reason) {
    case LINED_IDLE_TIMEOUT:
    case LINED_LINE_TIMEOUT:
    case LINED_SESSION_TIMEOUT:
    case LINED_DEADLINE:
        return LINGER_AFTER_DEADLINE_MS;
    default:
        return LINGER_MS;
    }
}

/* A drain that begins from now on does not shut the reading side down: after SHUT_WR, the kernel
 * would answer further bytes of the client with a reset, and drop replies that are not
 * acknowledged. */
void conn_linger(struct lined_conn *conn, int reason)
{
    struct lifecycle *lifecycle = conn->service->lifecycle;

    if (!may_have_replies_in_flight(conn, reason) || reason == LINED_EOF)
        return;
    conn_table_begin_linger(lifecycle->table, &conn->entry);
    switch (lifecycle_phase(lifecycle)) {
    case LIFECYCLE_RUNNING:
        if (outbox_is_ending(&conn->outbox))
            linger_after_end(conn, linger_ms(reason));
        else
            wait_for_client_end(conn->entry.fd, linger_ms(reason));
        break;
    case LIFECYCLE_DRAINING: /* it may have begun since conn_finish */
        wait_for_acknowledgements(conn);
        break;
    case LIFECYCLE_CUT:
        break;
    }
}
