#include "conn.h"

#include "invariant.h"
#include "monotonic.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

/* A connection that has heard nothing for so long gives its grown buffers back. */
#define SHRINK_AFTER_MS 1000u

/* A client that does not end its side is given so long, to read the last replies. */
#define GOODBYE_MS 1000

/* While a drain waits for acknowledgements. The kernel has no event for them. */
#define ACKNOWLEDGED_LOOK_MS 5u

void conn_init(struct lined_conn *conn, int fd, const union net_address *peer,
               struct registry *registry, const struct lined_options *terms)
{
    *conn =
        (struct lined_conn){.entry.fd = fd, .registry = registry, .terms = terms, .peer = *peer};
    line_init(&conn->in, terms->max_line);
    out_init(&conn->out);
}

void conn_deinit(struct lined_conn *conn)
{
    line_deinit(&conn->in);
    out_deinit(&conn->out);
}

int conn_reason(struct lined_conn *conn, int error)
{
    if (registry_phase(conn->registry) == REGISTRY_CUT)
        return LINED_CUT;
    return error == EPIPE || error == ECONNRESET ? LINED_RESET : -error;
}

static bool has_grown(const struct lined_conn *conn)
{
    return line_has_grown(&conn->in) || out_has_grown(&conn->out);
}

/* Sets when recv is to wake although nothing came: to shrink buffers or for the idle timeout. It
 * seldom changes, so it seldom costs a call. */
static void set_wake(struct lined_conn *conn)
{
    uint32_t idle_timeout = conn->terms->idle_timeout_ms;
    uint32_t wake = idle_timeout == 0 ? 0 : idle_timeout - conn->silent_ms;

    if (has_grown(conn) && (wake == 0 || wake > SHRINK_AFTER_MS))
        wake = SHRINK_AFTER_MS;
    if (wake == conn->wake_ms)
        return;
    const struct timeval timeout = {.tv_sec = wake / 1000,
                                    .tv_usec = (suseconds_t)(wake % 1000) * 1000};
    INVARIANT(setsockopt(conn->entry.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
    conn->wake_ms = wake;
}

/* recv has waited for wake_ms, and nothing came. */
static int heard_nothing(struct lined_conn *conn)
{
    uint32_t idle_timeout = conn->terms->idle_timeout_ms;

    line_shrink(&conn->in);
    out_shrink(&conn->out);
    if (idle_timeout == 0)
        return LINED_OK;
    conn->silent_ms += conn->wake_ms;
    return conn->silent_ms >= idle_timeout ? LINED_IDLE_TIMEOUT : LINED_OK;
}

/* How many bytes may still be read. When the drain is first seen, what the kernel has received by
 * then is the last that is handled: a client that never pauses could keep a drain up for ever. */
static size_t receive_limit(struct lined_conn *conn)
{
    if (registry_phase(conn->registry) == REGISTRY_RUNNING)
        return SIZE_MAX;
    if (!conn->saw_drain) {
        conn->saw_drain = true;
        conn->drain_left = net_readable(conn->entry.fd);
    }
    return conn->drain_left;
}

/* The end of what can be read: by the client's choice, or by ours. */
static int end_of_input(struct lined_conn *conn)
{
    enum registry_phase phase = registry_phase(conn->registry);

    if (phase == REGISTRY_CUT)
        return LINED_CUT;
    if (conn->peer_gone)
        return LINED_RESET;
    if (phase == REGISTRY_DRAINING &&
        (!net_peer_ended(conn->entry.fd) || net_readable(conn->entry.fd) > 0))
        return LINED_STOPPING;
    return LINED_EOF;
}

static void note_received(struct lined_conn *conn, size_t size)
{
    conn_count(&conn->entry.bytes_in, size);
    line_filled(&conn->in, size);
    conn->silent_ms = 0;
    if (conn->saw_drain)
        conn->drain_left -= size;
}

/* Reads once, blocking. LINED_OK when bytes came, or may come. */
static int receive(struct lined_conn *conn)
{
    size_t limit = receive_limit(conn);
    if (limit == 0)
        return end_of_input(conn);

    size_t room;
    char *into = line_room(&conn->in, &room);
    if (into == NULL)
        return -ENOMEM;
    set_wake(conn);
    ssize_t size = recv(conn->entry.fd, into, room < limit ? room : limit, 0);
    if (size > 0) {
        note_received(conn, (size_t)size);
        return LINED_OK;
    }
    if (size == 0)
        return end_of_input(conn);
    if (errno == EINTR)
        return LINED_OK;
    if (errno == EAGAIN)
        return heard_nothing(conn);
    return conn_reason(conn, errno);
}

static void observe_settled(struct lined_conn *conn)
{
    const struct lined_observer *observer = conn->terms->observer;

    if (observer != NULL && observer->settled != NULL)
        observer->settled(observer->context, &conn->observer_slot);
}

static int hand_on(struct lined_conn *conn, const char *line, size_t size)
{
    const struct lined_observer *observer = conn->terms->observer;

    conn_count(&conn->entry.lines, 1);
    conn_count(&conn->entry.bytes_lined, size);
    if (observer != NULL && observer->line != NULL)
        observer->line(observer->context, &conn->observer_slot, line, size);
    return LINED_OK;
}

/* The input has come to its end: what is unfinished may be delivered, once. */
static int recv_partial(struct lined_conn *conn, const char **line, size_t *size)
{
    if (conn->input_over != LINED_EOF || conn->terms->partial == LINED_PARTIAL_DROP ||
        line_unread(&conn->in) == 0)
        return conn->input_over;
    line_rest(&conn->in, line, size);
    return hand_on(conn, *line, *size);
}

int conn_recv_line(struct lined_conn *conn, const char **line, size_t *size)
{
    while (conn->input_over == LINED_OK) {
        enum line_found found = line_next(&conn->in, line, size);
        if (found == LINE_LONG && conn->terms->long_line == LINED_LONG_CLOSE) {
            conn->input_over = LINED_LINE_TOO_LONG;
            break;
        }
        if (found != LINE_NONE)
            return hand_on(conn, *line, *size);
        observe_settled(conn);
        conn->input_over = lined_flush(conn);
        if (conn->input_over == LINED_OK)
            conn->input_over = receive(conn);
    }
    return recv_partial(conn, line, size);
}

/* ---- the end ---- */

/* Ends our side and reads until the client has ended its own: closing with unread bytes would
 * send a reset, which can destroy replies that the client has not read (RFC 1122, 4.2.2.13). */
static void wait_for_the_clients_end(int fd)
{
    char unwanted[1024];
    int64_t deadline = monotonic_ms() + GOODBYE_MS;
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
    while (net_unacknowledged(conn->entry.fd) > 0 &&
           !registry_wait_cut(conn->registry, ACKNOWLEDGED_LOOK_MS))
        continue;
}

void conn_finish(struct lined_conn *conn, int reason)
{
    switch (reason) {
    case LINED_EOF:
    case LINED_END:
    case LINED_LINE_TOO_LONG:
    case LINED_IDLE_TIMEOUT:
    case LINED_STOPPING:
        break;
    default: /* the client is gone, does not read, or is not to be waited for */
        return;
    }
    if (lined_flush(conn) != LINED_OK || conn->peer_gone || reason == LINED_EOF)
        return;
    if (registry_phase(conn->registry) == REGISTRY_RUNNING)
        wait_for_the_clients_end(conn->entry.fd);
    else
        wait_for_acknowledgements(conn);
}

void lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE])
{
    _Static_assert(LINED_PEER_SIZE >= NET_TEXT_SIZE, "room for every address");
    net_format(&conn->peer, text);
}
