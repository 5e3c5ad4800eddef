/* The sending half of a connection: replies gather, go out together, and have a deadline. */
#include "conn.h"

#include "base/monotonic.h"
#include "net/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

/* How often a stalled send looks whether the client has taken anything: that many times in the
 * send timeout, or twice a second, so that the timeout is kept to that. */
#define LOOKS_PER_SEND_TIMEOUT 8u
#define LOOK_AT_LEAST_EVERY_MS 500u

static uint32_t look_every(uint32_t timeout)
{
    uint32_t every = timeout / LOOKS_PER_SEND_TIMEOUT + 1;

    if (timeout == 0)
        return 0;
    return every < LOOK_AT_LEAST_EVERY_MS ? every : LOOK_AT_LEAST_EVERY_MS;
}

/* What is known of a send that cannot go on, from the first EAGAIN until bytes are taken. */
struct stall {
    int64_t last_progress; /* monotonic ms; 0: the send is not stalled */
    size_t unacknowledged; /* bytes, then */
    bool was_refused;      /* poll(2) said that the socket is writable, and send(2) took nothing */
};

/* A client that reads slowly may leave the socket unwritable for long: what it has acknowledged is
 * its progress. */
static void note_progress(struct stall *stall, int fd, int64_t now)
{
    size_t unacknowledged = peer_unacknowledged(fd);

    if (stall->last_progress == 0 || unacknowledged < stall->unacknowledged) {
        stall->unacknowledged = unacknowledged;
        stall->last_progress = now;
    }
}

/* Waits until fd may take more bytes, or the client has taken none for the send timeout, or its
 * session is over. Where the kernel is short of memory for sockets (tcp_mem, tcp(7)), poll(2) says
 * that the socket is writable and send(2) takes nothing all the same: then only time helps. */
static int wait_writable(struct lined_conn *conn, struct stall *stall)
{
    uint32_t timeout = conn->service->options->send_timeout_ms;
    uint32_t every = stall->was_refused ? SEND_RETRY_MS : look_every(timeout);
    struct pollfd writable = {.fd = conn->entry.fd, .events = stall->was_refused ? 0 : POLLOUT};
    int64_t now = monotonic_ms();

    note_progress(stall, conn->entry.fd, now);
    while (!deadlines_session_is_over(&conn->deadlines, now)) {
        int ready = poll(&writable, 1, deadlines_until_look(&conn->deadlines, now, every));
        if (ready < 0 && errno != EINTR)
            return -errno;
        now = monotonic_ms();
        note_progress(stall, conn->entry.fd, now);
        if (timeout != 0 && now - stall->last_progress >= timeout)
            return LINED_SEND_TIMEOUT;
        if (ready > 0 || (ready == 0 && stall->was_refused)) {
            /* POLLERR and POLLHUP too: send tells what it is */
            stall->was_refused = !stall->was_refused;
            return LINED_OK;
        }
    }
    return LINED_SESSION_TIMEOUT;
}

enum origin { REPLIED, PUSHED };

/* Sends all the bytes, or finds the client gone (LINED_OK: what it sent before is still to be
 * handled), or gives up. */
static int send_all(struct lined_conn *conn, const char *bytes, size_t size, enum origin origin)
{
    struct stall stall = {0};

    while (size > 0 && !conn->peer_gone && conn->send_failed == LINED_OK) {
        ssize_t sent = send(conn->entry.fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes += sent;
            size -= (size_t)sent;
            conn->pending.bytes_out += (uint64_t)sent;
            if (origin == PUSHED)
                outbox_sent_held(&conn->outbox, (size_t)sent);
            stall = (struct stall){0};
        } else if (errno == EAGAIN) {
            conn_end_batch(conn); /* this may take long */
            conn->send_failed = wait_writable(conn, &stall);
        } else if (errno != EINTR) {
            int reason = conn_reason(conn, errno);
            conn->peer_gone = reason == LINED_RESET;
            conn->send_failed = conn->peer_gone ? LINED_OK : reason;
        }
    }
    return conn->send_failed;
}

static void send_and_empty(struct lined_conn *conn, struct send_buffer *out, enum origin origin)
{
    size_t waiting = out->used;

    out->used = 0;
    send_all(conn, out->data, waiting, origin);
}

/* While this thread sends, pushes wait. What waited before is sent first, for a push may have been
 * sent in part; what comes in the middle of a reply waits for its end. */
static void send_out(struct lined_conn *conn, bool in_mid_reply)
{
    struct outbox *outbox = &conn->outbox;
    struct send_buffer theirs;

    totals_add(conn->totals,
               &conn->pending); /* a client that has its reply finds its line counted */
    send_buffer_init(&theirs, conn->service->options->push_limit, NULL);
    if (!conn->is_mid_reply) {
        outbox_hold(outbox, &theirs);
        send_and_empty(conn, &theirs, PUSHED);
    }
    send_and_empty(conn, &conn->out, REPLIED);
    while (!in_mid_reply) {
        send_buffer_deinit(&theirs);
        if (!outbox_release(outbox, &theirs))
            break;
        send_and_empty(conn, &theirs, PUSHED);
    }
    send_buffer_deinit(&theirs);
    conn->is_mid_reply = in_mid_reply;
    totals_add(conn->totals, &conn->pending);
}

int conn_send_replies(struct lined_conn *conn)
{
    if (conn->out.used > 0 || conn->is_mid_reply)
        send_out(conn, false);
    return conn->send_failed;
}

int conn_send_last(struct lined_conn *conn)
{
    do {
        send_out(conn, false);
    } while (!outbox_close(&conn->outbox) && conn->send_failed == LINED_OK && !conn->peer_gone);
    return conn->send_failed;
}

int lined_flush(lined_conn *conn)
{
    return conn->is_at_dispatcher ? LINED_OK : conn_send_replies(conn);
}

/* A reply that is longer than the buffer learns here of a cut and of the end of its session. The
 * socket does not tell of them where the client has gone and nothing is sent, or where it takes all
 * at once. */
static void check_stop(struct lined_conn *conn)
{
    if (conn->send_failed != LINED_OK)
        return;
    if (lifecycle_phase(conn->service->lifecycle) == LIFECYCLE_CUT)
        conn->send_failed = LINED_CUT;
    else if (conn->deadlines.session != 0 &&
             deadlines_session_is_over(&conn->deadlines, monotonic_ms()))
        conn->send_failed = LINED_SESSION_TIMEOUT;
}

/* The owner thread sends nothing: what does not fit is too much for one reply. */
static void make_room(struct lined_conn *conn)
{
    if (conn->is_at_dispatcher) {
        conn->send_failed = -ENOBUFS;
    } else if (conn->out.used == 0) {
        conn->send_failed = -ENOMEM;
    } else {
        send_out(conn, true);
        check_stop(conn);
    }
}

/* Where there is no room, or there was an error. Not inlined: it would make lined_send save and
 * restore registers each time, which costs as much as the rest of it. */
__attribute__((noinline, cold)) static int send_slowly(struct lined_conn *conn, const char *bytes,
                                                       size_t size)
{
    while (conn->send_failed == LINED_OK) {
        size_t taken = send_buffer_put(&conn->out, bytes, size);
        if (taken == size)
            return LINED_OK;
        bytes += taken;
        size -= taken;
        make_room(conn);
    }
    return conn->send_failed;
}

int lined_send(lined_conn *conn, const void *bytes, size_t size)
{
    if (conn->send_failed != LINED_OK || size == 0 || size > send_buffer_room(&conn->out))
        return send_slowly(conn, bytes, size);
    send_buffer_put_here(&conn->out, bytes, size);
    return LINED_OK;
}
