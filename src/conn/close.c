/* The end of a connection, so that no reply is lost on its way. */
#include "conn.h"

#include "base/monotonic.h"
#include "net/peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* A client that does not end its side is given so long, to read the last replies. After a deadline
 * it is less: with how late that may be noticed, the connection is gone in a second. */
#define LINGER_MS                1000
#define LINGER_AFTER_DEADLINE_MS 500

/* While a drain waits for acknowledgements. The kernel has no event for them. */
#define ACKNOWLEDGED_LOOK_MS 5u

/* Ends our side and reads until the client has ended its own: closing with unread bytes would
 * send a reset, which can destroy replies that the client has not read (RFC 1122, 4.2.2.13). */
static void wait_for_the_clients_end(int fd, int64_t ms)
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

/* In a drain our reading side is shut down, and the kernel answers whatever still comes with a
 * reset once our writing side is too (tcp_rcv_state_process). So neither is ended before the
 * client's kernel has acknowledged every reply. The drain deadline's cut ends the wait. */
static void wait_for_acknowledgements(struct lined_conn *conn)
{
    while (peer_unacknowledged(conn->entry.fd) > 0 &&
           !lifecycle_wait_cut(conn->service->lifecycle, ACKNOWLEDGED_LOOK_MS))
        continue;
}

/* True where replies may be on their way to a client that may take them. */
static bool has_someone_to_wait_for(const struct lined_conn *conn, int reason)
{
    return reason != LINED_RESET && reason != LINED_SEND_TIMEOUT && reason != LINED_CUT &&
           reason != LINED_SLOW_CONSUMER && reason != LINED_LOST && conn->send_failed == LINED_OK &&
           !conn->peer_gone;
}

int conn_finish(struct lined_conn *conn, int reason)
{
    if (!has_someone_to_wait_for(conn, reason))
        return reason;
    int failed = conn_send_last(conn);
    if (failed != LINED_OK)
        return failed;
    if (reason != LINED_EOF && lifecycle_phase(conn->service->lifecycle) == LIFECYCLE_DRAINING)
        wait_for_acknowledgements(conn);
    return lifecycle_phase(conn->service->lifecycle) == LIFECYCLE_CUT ? LINED_CUT : reason;
}

static int64_t patience_after(int reason)
{
    switch (reason) {
    case LINED_IDLE_TIMEOUT:
    case LINED_LINE_TIMEOUT:
    case LINED_SESSION_TIMEOUT:
        return LINGER_AFTER_DEADLINE_MS;
    default:
        return LINGER_MS;
    }
}

void conn_linger(struct lined_conn *conn, int reason)
{
    if (has_someone_to_wait_for(conn, reason) && reason != LINED_EOF &&
        lifecycle_phase(conn->service->lifecycle) == LIFECYCLE_RUNNING)
        wait_for_the_clients_end(conn->entry.fd, patience_after(reason));
}
