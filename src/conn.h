/*
 * One connection: blocking reads of lines, batched writes, deadlines, and a polite end. Everything
 * here is called by the connection's own thread only, but for lined_send and conn_stop_reason,
 * which the owner thread calls while it holds a message of the connection. Sending is in send.c,
 * the polite end in goodbye.c.
 */
#ifndef CONN_H
#define CONN_H

#include "busy_poll.h"
#include "deadlines.h"
#include "line.h"
#include "lined.h"
#include "net.h"
#include "out.h"
#include "registry.h"
#include "totals.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Replies gather up to here before they are sent. */
#define CONN_OUT_MOST ((size_t)64 * 1024)

struct lined_conn {
    struct registry_entry entry; /* the descriptor, the counters, the outbox */
    lined_server *server;
    union net_address peer;
    struct line_buffer in;
    struct out_buffer out;          /* the owner thread's while is_with_owner */
    char in_first[LINE_FIRST_SIZE]; /* what the two have before they grow: a connection that was */
    char out_first[OUT_FIRST_SIZE]; /* accepted needs no more memory for a short line and reply */
    struct busy_poll busy_poll;
    void *observer_slot;
    struct totals_cell *totals;    /* the server's; where pending is added */
    struct totals_pending pending; /* counted since the last addition */
    uint64_t not_delivered;        /* bytes received, and neither in a line nor exact bytes yet */

    int input_over;     /* why no more lines can be taken; LINED_OK before */
    int send_failed;    /* why nothing can be sent any more; LINED_OK before */
    bool peer_gone;     /* a send found the client gone: replies are dropped, lines still handled */
    bool is_mid_reply;  /* part of what has gathered is sent: pushes wait for the rest */
    bool is_with_owner; /* a message of this connection is posted: nothing is to block */
    bool saw_drain;     /* drain_left is set */
    size_t drain_left;  /* bytes that were received when the drain was seen, not read yet */
    struct deadlines deadlines; /* the owner thread's while is_with_owner */
};

/* Takes over fd. Cannot fail, and what a short line and its reply need is here. */
void conn_init(struct lined_conn *conn, lined_server *server, int fd,
               const union net_address *peer);

/* Frees the buffers. The descriptor is closed by whoever took the connection out of the registry.
 */
void conn_deinit(struct lined_conn *conn);

/* Runs the worker's open, unless the server was cut; from then on broadcasts reach the connection.
 * LINED_OK, or why the connection ends without a close. On the thread that runs its callbacks. */
int conn_open(struct lined_conn *conn, void **state);

/* The next line, as lined_recv_line, but neither counted nor observed: that is conn_handed_on. */
int conn_wait_line(struct lined_conn *conn, const char **line, size_t *size);

/* The same without waiting: true if there is one already. Lines taken before stay valid. */
bool conn_take_line(struct lined_conn *conn, const char **line, size_t *size);

/* Between two lines: LINED_CUT or LINED_SESSION_TIMEOUT where no more are to be handled, LINED_OK
 * elsewhere. */
int conn_stop_reason(struct lined_conn *conn);

/* A line was handled, or is about to be: counts it and shows it to the observer. */
void conn_handed_on(struct lined_conn *conn, const char *line, size_t size);

/* Sends what has gathered, and then what others have pushed meanwhile. Results as lined_flush. */
int conn_send_gathered(struct lined_conn *conn);

/* The same for the last time: afterwards nobody's push is taken any more. */
int conn_send_last(struct lined_conn *conn);

/* What an errno of send(2) or recv(2) says of the connection: LINED_CUT, LINED_SLOW_CONSUMER,
 * LINED_LOST, LINED_SEND_TIMEOUT, LINED_RESET or -errno. */
int conn_reason(struct lined_conn *conn, int error);

/* Nothing is left to handle, or sending has to wait: what was counted is added to the server's
 * totals, and the observer shows what it has. */
void conn_settled(struct lined_conn *conn);

/* The connection ends for this reason: sends what has gathered, and in a drain waits until the
 * client has it. Returns the reason it has come to: that may take too long, or be cut. */
int conn_finish(struct lined_conn *conn, int reason);

/* Last of all, ends our side and waits a moment for the client to end its own, so that no reply on
 * its way is destroyed by a reset. The descriptor is to be closed afterwards. */
void conn_say_goodbye(struct lined_conn *conn, int reason);

#endif
