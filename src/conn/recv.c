/* The receiving half of a connection: blocking receives, and lines out of the received bytes. */
#define _GNU_SOURCE /* POLLRDHUP */
#include "conn.h"

#include "base/invariant.h"
#include "base/monotonic.h"
#include "net/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/time.h>

static enum lifecycle_phase phase_of(const struct lined_conn *conn)
{
    return lifecycle_conn_phase(conn->service->lifecycle);
}

bool conn_can_shrink(const struct lined_conn *conn)
{
    return line_buffer_is_enlarged(&conn->in) || send_buffer_is_enlarged(&conn->out) ||
           conn->text.size > LINE_BUFFER_FIRST_SIZE;
}

void conn_shrink(struct lined_conn *conn)
{
    line_buffer_shrink(&conn->in);
    send_buffer_shrink(&conn->out);
    if (conn->text.size > LINE_BUFFER_FIRST_SIZE)
        block_free(&conn->text);
}

/* How long recv(2) may sleep, in milliseconds: until the next deadline, or until enlarged buffers
 * are freed; 0: without a limit. */
static uint32_t longest_wait(struct lined_conn *conn, int64_t now)
{
    bool in_line = line_buffer_unread(&conn->in) > 0 || conn->in.is_discarding;
    uint32_t wait = deadlines_begin_wait(&conn->deadlines, now, in_line);

    return conn_can_shrink(conn) && (wait == 0 || wait > CONN_SHRINK_AFTER_MS)
               ? CONN_SHRINK_AFTER_MS
               : wait;
}

/* Sets SO_RCVTIMEO. The value seldom changes, so this seldom costs a call. */
static void set_sleep(struct lined_conn *conn, uint32_t wait)
{
    if (!deadlines_set_sleep(&conn->deadlines, wait))
        return;
    uint32_t sleep_ms = conn->deadlines.sleep_ms;
    const struct timeval timeout = {.tv_sec = sleep_ms / 1000,
                                    .tv_usec = (suseconds_t)(sleep_ms % 1000) * 1000};
    INVARIANT(setsockopt(conn->entry.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
}

/* A client that has just connected sends its first line without knowing of a drain: a drain waits
 * for it, for this time at most, if the client was accepted at most one second before. */
#define FIRST_BYTES_MS   100
#define JUST_ACCEPTED_MS 1000

/* After shutdown(SHUT_RD) the kernel of TCP still receives, but no call can wait for that: so this
 * checks after 1, 2, 4 ms and so on. */
static void await_first_bytes(struct lined_conn *conn)
{
    int64_t began = monotonic_ms();
    int fd = conn->entry.fd;
    uint32_t pause_ms = 1;

    if (conn->has_received || conn->listener->is_unix ||
        began - conn->accepted_ms > JUST_ACCEPTED_MS)
        return;
    while (peer_readable(fd) == 0 && peer_state(fd) == PEER_OPEN &&
           monotonic_ms() - began < FIRST_BYTES_MS &&
           !lifecycle_wait_cut(conn->service->lifecycle, pause_ms))
        pause_ms *= 2;
}

/* How many bytes may still be received. In a drain, only the bytes that the kernel had received
 * when this thread first saw the drain: a client that never pauses could prolong it forever. */
static size_t receive_limit(struct lined_conn *conn)
{
    if (phase_of(conn) == LIFECYCLE_RUNNING)
        return SIZE_MAX;
    if (!conn->saw_drain) {
        conn->saw_drain = true;
        await_first_bytes(conn);
        conn->drain_left = peer_readable(conn->entry.fd);
    }
    return conn->drain_left;
}

/* Why no more bytes can be received. */
static int end_of_input(struct lined_conn *conn)
{
    enum lifecycle_phase phase = phase_of(conn);

    if (phase == LIFECYCLE_CUT)
        return LINED_CUT;
    if (outbox_is_ending(&conn->outbox))
        return LINED_ENDED;
    if (outbox_is_slow(&conn->outbox))
        return LINED_SLOW_CONSUMER;
    if (conn->peer_gone || outbox_saw_reset(&conn->outbox))
        return LINED_RESET;
    if (phase == LIFECYCLE_RUNNING)
        return LINED_EOF;
    switch (peer_state(conn->entry.fd)) {
    case PEER_DEAD:
        return LINED_RESET;
    case PEER_HALF_CLOSED:
        return peer_readable(conn->entry.fd) == 0 ? LINED_EOF : LINED_STOPPING;
    case PEER_OPEN:
        break;
    }
    return LINED_STOPPING;
}

static void note_received(struct lined_conn *conn, size_t size)
{
    conn->has_received = true;
    conn->pending.bytes_in += size;
    conn->received += size;
    conn->not_delivered += size;
    if (conn->latency != NULL)
        conn->received_ns = monotonic_ns();
    line_buffer_filled(&conn->in, size);
    deadlines_received(&conn->deadlines);
    if (conn->saw_drain)
        conn->drain_left -= size;
}

/* Sleeps in poll(2), which a wake-up ends too; then it receives what has come. */
static ssize_t recv_or_wait(struct lined_conn *conn, char *into, size_t room, uint32_t wait)
{
    struct pollfd ready[] = {{.fd = conn->entry.fd, .events = POLLIN},
                             {.fd = conn->waker.event, .events = POLLIN}};
    int count = poll(ready, 2, wait == 0 ? -1 : (int)wait);

    if (count < 0)
        return -1;
    if (count == 0) {
        errno = EAGAIN;
        return -1;
    }
    if (ready[1].revents != 0) {
        waker_woke(&conn->waker);
        errno = EINTR;
        return -1;
    }
    return recv(conn->entry.fd, into, room, MSG_DONTWAIT);
}

/* Polls for a moment, and then sleeps. now is 0 if the caller did not have to read the clock. */
static ssize_t recv_or_sleep(struct lined_conn *conn, char *into, size_t room, int64_t now)
{
    ssize_t size =
        busy_poll_recv(&conn->busy_poll, conn->service->busy_poll, conn->entry.fd, into, room);
    if (size >= 0 || errno != EAGAIN)
        return size;
    if (now == 0 && deadlines_need_now(&conn->deadlines))
        now = monotonic_ms();
    uint32_t wait = longest_wait(conn, now);
    if (waker_exists(&conn->waker))
        return recv_or_wait(conn, into, room, wait);
    set_sleep(conn, wait);
    return recv(conn->entry.fd, into, room, 0);
}

/* recv(2) has slept for the whole time, and no bytes came. */
static int received_nothing(struct lined_conn *conn)
{
    deadlines_received_nothing(&conn->deadlines);
    conn_shrink(conn);
    return LINED_OK;
}

int conn_receive(struct lined_conn *conn)
{
    if (waker_take(&conn->waker))
        return LINED_WOKEN;
    size_t limit = receive_limit(conn);
    if (limit == 0)
        return end_of_input(conn);
    int64_t now = deadlines_are_running(&conn->deadlines) ? monotonic_ms() : 0;
    int passed = now == 0 ? LINED_OK : deadlines_passed(&conn->deadlines, now);
    if (passed == LINED_DEADLINE || passed == LINED_SESSION_TIMEOUT)
        return passed;

    size_t room;
    char *into = line_buffer_room(&conn->in, &room);
    if (into == NULL)
        return -ENOMEM;
    if (room > limit)
        room = limit;
    /* Bytes that came in time count, although they are received only now. */
    ssize_t size = passed == LINED_OK ? recv_or_sleep(conn, into, room, now)
                                      : recv(conn->entry.fd, into, room, MSG_DONTWAIT);
    if (size > 0) {
        note_received(conn, (size_t)size);
        return LINED_OK;
    }
    if (size == 0) /* a drain that has woken this thread first sees what is left to receive */
        return phase_of(conn) == LIFECYCLE_DRAINING && !conn->saw_drain ? LINED_OK
                                                                        : end_of_input(conn);
    if (errno == EINTR)
        return LINED_OK;
    if (errno == EAGAIN)
        return passed == LINED_OK ? received_nothing(conn) : passed;
    return conn_reason(conn, errno);
}

int conn_stop_reason(struct lined_conn *conn)
{
    if (phase_of(conn) == LIFECYCLE_CUT)
        return LINED_CUT;
    if (outbox_is_ending(&conn->outbox))
        return LINED_ENDED;
    if (deadlines_check_is_due(&conn->deadlines) &&
        deadlines_check(&conn->deadlines, monotonic_ms()))
        return LINED_SESSION_TIMEOUT;
    return LINED_OK;
}

/* False: no more lines may be taken. A stop is noticed here, between two lines. */
static bool may_take(struct lined_conn *conn)
{
    if (conn->input_over == LINED_OK)
        conn->input_over = conn_stop_reason(conn);
    return conn->input_over == LINED_OK;
}

/* max_line bytes were taken, without an LF. */
static void handle_long_line(struct lined_conn *conn)
{
    switch (conn->service->options->long_line) {
    case LINED_LONG_SPLIT:
        break;
    case LINED_LONG_CLOSE:
        conn->input_over = LINED_LINE_TOO_LONG;
        break;
    case LINED_LONG_DISCARD:
        line_buffer_discard_rest(&conn->in);
        break;
    }
}

static void count_discarded(struct lined_conn *conn)
{
    size_t discarded = line_buffer_take_discarded(&conn->in);

    conn->pending.bytes_dropped += discarded;
    conn->not_delivered -= discarded;
}

/* The next line, or a piece of a long one. */
static bool take_line(struct lined_conn *conn, const char **line, size_t *size)
{
    if (!may_take(conn))
        return false;
    enum line_found found = line_buffer_next(&conn->in, line, size);
    if (found == LINE_LONG)
        handle_long_line(conn);
    if (conn->in.discarded > 0)
        count_discarded(conn);
    if (conn->input_over != LINED_OK)
        return false;
    if (found != LINE_NONE)
        deadlines_line_ended(&conn->deadlines);
    return found != LINE_NONE;
}

/* Only a whole line is known to be one: the handler may want the beginning of a long one as a part
 * of a body, or change max_line. */
static bool take_whole_line(struct lined_conn *conn, const char **line, size_t *size)
{
    if (!may_take(conn))
        return false;
    enum line_found found = line_buffer_next(&conn->in, line, size);
    if (found == LINE_LONG)
        line_buffer_put_back(&conn->in, *line);
    if (conn->in.discarded > 0)
        count_discarded(conn);
    if (found == LINE_WHOLE)
        deadlines_line_ended(&conn->deadlines);
    return found == LINE_WHOLE;
}

bool conn_take_line(struct lined_conn *conn, const char **line, size_t *size)
{
    if (!pace_is_limited(&conn->pace))
        return take_whole_line(conn, line, size);
    int64_t now = monotonic_ms();
    if (conn_must_wait_for_rate(conn, now) || !take_whole_line(conn, line, size))
        return false;
    pace_take(&conn->pace, now);
    return true;
}

void conn_put_back(struct lined_conn *conn, const char *line)
{
    line_buffer_put_back(&conn->in, line);
}

/* The same for a line that take_line would take; it stays in the buffer. */
static int wait_for_rate_of_line(struct lined_conn *conn)
{
    return line_buffer_has_line(&conn->in) ? conn_wait_for_rate(conn) : LINED_OK;
}

/* Sends the replies, and receives more. LINED_OK, LINED_DEADLINE, LINED_WOKEN, or why the input is
 * over. */
static int end_batch_and_receive(struct lined_conn *conn)
{
    conn_end_batch(conn);
    int result = conn_send_replies(conn);
    if (result == LINED_OK)
        result = conn_receive(conn);
    if (!conn_continues_after(result))
        conn->input_over = result;
    return result;
}

/* The input is over. An unfinished line may be delivered, once. */
static int take_partial(struct lined_conn *conn, const char **line, size_t *size)
{
    if (conn->input_over != LINED_EOF || conn->service->options->partial == LINED_PARTIAL_DROP ||
        line_buffer_unread(&conn->in) == 0)
        return conn->input_over;
    line_buffer_rest(&conn->in, line, size);
    return LINED_OK;
}

int conn_wait_line(struct lined_conn *conn, const char **line, size_t *size)
{
    bool is_limited = pace_is_limited(&conn->pace);

    for (;;) {
        int result = is_limited && may_take(conn) ? wait_for_rate_of_line(conn) : LINED_OK;
        if (conn_continues_after(result))
            return result;
        if (result != LINED_OK)
            conn->input_over = result;
        if (take_line(conn, line, size)) {
            if (is_limited)
                pace_take(&conn->pace, monotonic_ms());
            return LINED_OK;
        }
        if (conn->input_over != LINED_OK)
            return take_partial(conn, line, size);
        result = end_batch_and_receive(conn);
        if (conn_continues_after(result))
            return result;
    }
}

/* Bytes that came before the end of the input may be taken after it, but not after a stop. */
static bool may_take_exact(struct lined_conn *conn)
{
    return may_take(conn) || conn->input_over == LINED_EOF || conn->input_over == LINED_STOPPING ||
           conn->input_over == LINED_RESET;
}

int conn_wait_exact(struct lined_conn *conn, const char **bytes, size_t size)
{
    while (!may_take_exact(conn) || !line_buffer_exact(&conn->in, size, bytes)) {
        if (conn->input_over != LINED_OK)
            return conn->input_over;
        int result = end_batch_and_receive(conn);
        if (conn_continues_after(result))
            return result;
    }
    deadlines_line_ended(&conn->deadlines);
    conn->not_delivered -= size;
    return LINED_OK;
}

int conn_wait_delivery(struct lined_conn *conn, const char **line, size_t *size, bool *is_body)
{
    *is_body = conn->expected > 0;
    if (!*is_body)
        return conn_wait_line(conn, line, size);
    int result = conn_wait_exact(conn, line, conn->expected);
    if (result == LINED_OK) {
        *size = conn->expected;
        conn->expected = 0;
    }
    return result;
}
