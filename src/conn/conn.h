/*
 * One connection: blocking receives of lines, replies that are sent together, deadlines, and an end
 * that loses no reply. A connection's own thread calls everything here. The exceptions are
 * lined_send and conn_stop_reason, which the dispatcher calls while a message of the connection is
 * queued there.
 *
 * conn.c: a connection's begin, the observer, what an error means. recv.c: receiving. deliver.c:
 * the handler's callbacks. task.c: what a task calls. rate.c: line_rate. proxy.c: the PROXY
 * header. send.c, print.c: sending. close.c: the end. query.c, conn_options.c: what handlers ask
 * and change.
 */
#ifndef CONN_H
#define CONN_H

#include "base/pace.h"
#include "buffer/line_buffer.h"
#include "buffer/send_buffer.h"
#include "busy_poll.h"
#include "deadlines.h"
#include "lined.h"
#include "net/address.h"
#include "net/listener.h"
#include "outbox.h"
#include "service.h"
#include "table/conn_table.h"
#include "table/totals.h"
#include "waker.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Replies gather up to this size before they are sent. */
#define CONN_SEND_SIZE ((size_t)64 * 1024)

/* A connection that has received nothing for this time frees its enlarged buffers. */
#define CONN_SHRINK_AFTER_MS 1000u

/* What one connection has done. Only its thread changes them; lined_foreach reads them. */
struct conn_sums {
    _Atomic uint64_t lines;
    _Atomic uint64_t bytes_in;
    _Atomic uint64_t bytes_out; /* without bytes that were pushed, see outbox.h */
};

struct lined_conn {
    struct table_entry
        entry; /* first, for conn_info_locked; the descriptor, and the connection's number */
    struct outbox outbox; /* what other threads send to this client */
    const struct service *service;
    const struct listener *listener; /* the one that accepted it; outlives it */
    union net_address peer; /* its thread changes it to the address of a PROXY header, under the
                             * outbox's lock */
    struct line_buffer in;
    struct send_buffer out; /* the dispatcher's while is_at_dispatcher */

    /* The first memory of the two buffers: a connection that was accepted needs no more for a short
     * line and its reply. */
    char in_first[LINE_BUFFER_FIRST_SIZE];
    char out_first[SEND_BUFFER_FIRST_SIZE];

    struct waker waker; /* for a handler that is wakeable */
    struct block text;  /* owned; the line that the handler has as a text */
    size_t expected;    /* bytes that the handler wants instead of its next line; 0: a line */
    bool has_changed;   /* the handler wants bytes, or has changed max_line: lines that were
                         * gathered for it must be taken again */

    struct busy_poll busy_poll;
    void *observer_slot;
    struct totals_cell *totals;    /* the server's; where pending is added */
    struct totals_pending pending; /* counted since the last addition */
    struct conn_sums sums;         /* of this connection alone */
    struct latency_cell *latency;  /* the server's; NULL: it is not measured */
    int64_t received_ns;           /* when the last receive returned; 0: its replies are sent, or
                                    * latency is not measured */
    int64_t accepted_ms;           /* monotonic; never changes */
    uint64_t received;             /* bytes, in the whole connection */
    uint64_t not_delivered;        /* bytes received, and neither in a line nor exact bytes yet */

    int input_over;        /* why no more lines can be taken; LINED_OK before */
    int send_failed;       /* why nothing can be sent any more; LINED_OK before */
    bool peer_gone;        /* a send found the client gone: replies are dropped, lines handled */
    bool is_mid_reply;     /* a part of the replies is sent: pushes wait for the rest */
    bool is_at_dispatcher; /* a message of this connection is queued: nothing may block */
    bool has_received;     /* bytes have come */
    bool has_send_timeout; /* send_timeout_ms takes the place of the option */
    bool saw_drain;        /* drain_left is set */
    uint32_t send_timeout_ms;
    size_t drain_left;          /* bytes received when the drain was seen, and not read yet */
    struct pace pace;           /* of the lines that are taken */
    struct deadlines deadlines; /* the dispatcher's while is_at_dispatcher */
};

/* Takes over fd. LINED_OK; the errno of eventfd(2) for a handler that is wakeable, and then fd is
 * still the caller's. A short line and its reply need no more memory. */
int conn_init(struct lined_conn *conn, const struct service *service,
              const struct listener *listener, int fd, const union net_address *peer);

/* Frees the buffers. The thread that has removed the connection from the table closes its
 * descriptor. */
void conn_deinit(struct lined_conn *conn);

/* Receives the PROXY header with which the client must begin, and takes over its address. Before
 * conn_open. LINED_OK; LINED_BAD_PROXY_HEADER, or another reason why the connection ends. */
int conn_receive_proxy_header(struct lined_conn *conn);

/* Sends the greeting, if there is one. Before conn_open. LINED_OK, or why the connection ends. */
int conn_greet(struct lined_conn *conn);

/* Runs the handler's open, unless the server was cut; from then on broadcasts reach the connection.
 * LINED_OK, or why the connection ends without a close. On the thread that runs its callbacks. */
int conn_open(struct lined_conn *conn, void **state);

/* A copy of the line as a text, without its line end, or of a body; see the callback text. LINED_OK
 * or -ENOMEM. */
int conn_make_text(struct lined_conn *conn, const char *line, size_t size, bool is_body,
                   char **text, size_t *length);

/* The callbacks line or text, for what conn_wait_delivery or conn_take_line has taken. Their
 * result. On the thread that runs the callbacks. */
int conn_deliver(struct lined_conn *conn, void *state, const char *line, size_t size, bool is_body);

/* The deadline of the handler has passed: its callback, or the end. The same thread. */
int conn_deliver_deadline(struct lined_conn *conn, void *state);

/* The observer sees the connection's begin and its end. */
void conn_observe_opened(struct lined_conn *conn);
void conn_observe_closed(struct lined_conn *conn, int reason);

/* Receives once into conn->in, blocking, without sending anything before. LINED_OK: bytes came, or
 * may still come. LINED_DEADLINE, LINED_WOKEN, or why no more bytes can come. */
int conn_receive(struct lined_conn *conn);

/* True: the connection continues after this result of a receive, although it has taken nothing. */
static inline bool conn_continues_after(int result)
{
    return result == LINED_DEADLINE || result == LINED_WOKEN;
}

/* The next line, and the next size bytes, as lined_recv_line and lined_recv_exact, but neither
 * counted nor observed: see conn_count_line. */
int conn_wait_line(struct lined_conn *conn, const char **line, size_t *size);
int conn_wait_exact(struct lined_conn *conn, const char **bytes, size_t size);

/* True: line_rate lets the next line wait. A line that was received before a drain waits no more,
 * since the drain has little time. */
bool conn_must_wait_for_rate(struct lined_conn *conn, int64_t now);

/* A line is there. Waits until it is due; the replies before it are sent first. LINED_OK,
 * LINED_DEADLINE, LINED_WOKEN, or why no line may be taken. */
int conn_wait_for_rate(struct lined_conn *conn);

/* What the handler wants next: a line; or, if it expects bytes, those, and *is_body is true. As
 * conn_wait_line. */
int conn_wait_delivery(struct lined_conn *conn, const char **line, size_t *size, bool *is_body);

/* The next line that is whole, without waiting, also for line_rate. True: there was one. Lines that
 * were taken before stay valid. */
bool conn_take_line(struct lined_conn *conn, const char **line, size_t *size);

/* True: an enlarged buffer is not in use. conn_shrink frees its memory. */
bool conn_can_shrink(const struct lined_conn *conn);
void conn_shrink(struct lined_conn *conn);

/* Takes back this line and those that were taken after it: they were not handled. */
void conn_put_back(struct lined_conn *conn, const char *line);

/* Between two lines: LINED_CUT, LINED_ENDED or LINED_SESSION_TIMEOUT if no more may be handled,
 * else LINED_OK. */
int conn_stop_reason(struct lined_conn *conn);

/* Counts a line that was handled, or is about to be, and shows it to the observer. */
void conn_count_line(struct lined_conn *conn, const char *line, size_t size);

/* Sends the replies, and then the bytes that other threads have pushed in the meantime. Results as
 * lined_flush. */
int conn_send_replies(struct lined_conn *conn);

/* The same for the last time: afterwards no push is taken any more. */
int conn_send_last(struct lined_conn *conn);

/* What an errno of send(2) or recv(2) says of the connection: LINED_CUT, LINED_SLOW_CONSUMER,
 * LINED_LOST, LINED_SEND_TIMEOUT, LINED_RESET or -errno. */
int conn_reason(struct lined_conn *conn, int error);

/* Adds what was counted to the connection's sums and the server's totals. */
void conn_add_counts(struct lined_conn *conn);

/* For an entry that the caller has borrowed, on any thread: describes its connection; wakes its
 * task. */
void conn_info_locked(const struct table_entry *entry, struct lined_conn_info *info);
void conn_wake_locked(struct table_entry *entry);

/* The end of a batch: no whole line is left to handle, or sending has to wait. Adds what was
 * counted to the server's totals, calls the observer's batch_end, and sends the gathered pushes. */
void conn_end_batch(struct lined_conn *conn);

/* The connection ends for this reason: sends the replies, and in a drain waits until the client's
 * kernel has acknowledged them. Returns the final reason, since that may fail or be cut. */
int conn_finish(struct lined_conn *conn, int reason);

/* Lingering close: ends our side and waits a moment for the client to end its own, so that no reply
 * on its way is destroyed by a reset. Close the descriptor afterwards. */
void conn_linger(struct lined_conn *conn, int reason);

#endif
