/* The sending half of a connection: replies gather, are sent together, and have a deadline. */
#include "conn.h"

#include "base/monotonic.h"
#include "net/peer.h"
#include "push_batch.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

/* How often a stalled send checks whether the client has taken bytes: eight times in the send
 * timeout, and at least twice a second. The timeout is as exact as that. */
#define CHECKS_PER_SEND_TIMEOUT 8u
#define CHECK_INTERVAL_MAX_MS   500u

static uint32_t check_interval(uint32_t timeout)
{
    uint32_t interval = timeout / CHECKS_PER_SEND_TIMEOUT + 1;

    if (timeout == 0)
        return 0;
    return interval < CHECK_INTERVAL_MAX_MS ? interval : CHECK_INTERVAL_MAX_MS;
}

/* A send that cannot continue, from the first EAGAIN until bytes are taken. */
struct stall {
    int64_t last_progress; /* monotonic ms; 0: the send is not stalled */
    size_t unacknowledged; /* bytes, at that time */
    bool was_refused;      /* poll(2) said that the socket is writable, and send(2) took nothing */
};

/* The socket of a client that reads slowly may be unwritable for long: acknowledged bytes are the
 * progress. */
static void note_progress(struct stall *stall, int fd, int64_t now)
{
    size_t unacknowledged = peer_unacknowledged(fd);

    if (stall->last_progress == 0 || unacknowledged < stall->unacknowledged) {
        stall->unacknowledged = unacknowledged;
        stall->last_progress = now;
    }
}

static uint32_t send_timeout(const struct lined_conn *conn)
{
    return conn->has_send_timeout ? conn->send_timeout_ms
                                  : live_ms(&conn->service->live->send_timeout_ms);
}

/* Waits until fd may take more bytes, or the client has taken none for the send timeout, or its
 * session is over. If send(2) takes nothing although poll(2) reports the socket as writable, only
 * time helps: see SEND_RETRY_MS. */
static int wait_writable(struct lined_conn *conn, struct stall *stall)
{
    uint32_t timeout = send_timeout(conn);
    uint32_t every = stall->was_refused ? SEND_RETRY_MS : check_interval(timeout);
    struct pollfd writable = {.fd = conn->entry.fd, .events = stall->was_refused ? 0 : POLLOUT};
    int64_t now = monotonic_ms();

    note_progress(stall, conn->entry.fd, now);
    while (!deadlines_session_is_over(&conn->deadlines, now)) {
        int ready = poll(&writable, 1, deadlines_poll_timeout(&conn->deadlines, now, every));
        if (ready < 0 && errno != EINTR)
            return -errno;
        now = monotonic_ms();
        note_progress(stall, conn->entry.fd, now);
        if (timeout != 0 && now - stall->last_progress >= timeout)
            return LINED_SEND_TIMEOUT;
        if (ready > 0 || (ready == 0 && stall->was_refused)) {
            /* POLLERR and POLLHUP too: send(2) has the error */
            stall->was_refused = !stall->was_refused;
            return LINED_OK;
        }
    }
    return LINED_SESSION_TIMEOUT;
}

enum origin { REPLIED, PUSHED };

/* Sends all the bytes, or finds the client gone (LINED_OK: the lines that it sent before are still
 * to be handled), or gives up. */
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

/* The replies to what was received last are sent. */
static void measure_latency(struct lined_conn *conn)
{
    if (conn->received_ns != 0)
        latency_add(conn->latency, monotonic_ns() - conn->received_ns);
    conn->received_ns = 0;
}

/* While this thread sends, pushes wait. Pushed bytes that waited before are sent first, because a
 * push may have been sent in part. Those that come in the middle of a reply wait for its end. */
static void send_out(struct lined_conn *conn, bool in_mid_reply)
{
    struct outbox *outbox = &conn->outbox;
    struct send_buffer pushed;

    push_batch_flush(); /* a reply does not overtake what its callback has pushed */
    bool has_replies = conn->out.used > 0 || conn->is_mid_reply;
    conn_add_counts(conn); /* a client that has its reply finds its line counted */
    send_buffer_init(&pushed, conn->service->options->push_limit, NULL);
    if (!conn->is_mid_reply) {
        outbox_hold(outbox, &pushed);
        send_and_empty(conn, &pushed, PUSHED);
    }
    send_and_empty(conn, &conn->out, REPLIED);
    while (!in_mid_reply) {
        send_buffer_deinit(&pushed);
        if (!outbox_release(outbox, &pushed))
            break;
        send_and_empty(conn, &pushed, PUSHED);
    }
    send_buffer_deinit(&pushed);
    conn->is_mid_reply = in_mid_reply;
    conn_add_counts(conn);
    if (has_replies && !in_mid_reply)
        measure_latency(conn);
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
    push_batch_flush(); /* also if no reply has gathered, and on the dispatcher */
    return conn->is_at_dispatcher ? conn->send_failed : conn_send_replies(conn);
}

/* A reply that is longer than the buffer notices here a cut and the end of its session. The socket
 * does not tell, if the client has gone and nothing is sent, or if it takes all bytes at once. */
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

/* The dispatcher sends nothing: bytes that do not fit are too much for one reply. */
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

/* There is no room, or there was an error. Not inlined: it would make lined_send save and restore
 * registers each time, which costs as much as the rest of it. */
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
