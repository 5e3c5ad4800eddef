/*
 * One connection: blocking reads of lines, batched writes, deadlines, and a polite end. Everything
 * here is called by the connection's own thread only. lined_send and lined_flush are in send.c.
 */
#ifndef CONN_H
#define CONN_H

#include "line.h"
#include "lined.h"
#include "net.h"
#include "out.h"
#include "registry.h"

#include <stdbool.h>
#include <stddef.h>

struct lined_conn {
    struct registry_entry entry; /* the descriptor, the counters */
    struct registry *registry;
    const struct lined_options *terms; /* the server's; never changes */
    union net_address peer;
    struct line_buffer in;
    struct out_buffer out;
    void *observer_slot;

    int input_over;     /* why no more lines can be taken; LINED_OK before */
    int send_failed;    /* why nothing can be sent any more; LINED_OK before */
    bool peer_gone;     /* a send found the client gone: replies are dropped, lines still handled */
    bool saw_drain;     /* drain_left is set */
    size_t drain_left;  /* bytes that were received when the drain was seen, not read yet */
    uint32_t wake_ms;   /* SO_RCVTIMEO as it is set; 0: none */
    uint32_t silent_ms; /* how long the client has sent nothing, as far as recv has told */
};

/* Takes over fd. Cannot fail: buffers are made when they are needed. */
void conn_init(struct lined_conn *conn, int fd, const union net_address *peer,
               struct registry *registry, const struct lined_options *terms);

/* Frees the buffers. The descriptor is closed by whoever took the connection out of the registry.
 */
void conn_deinit(struct lined_conn *conn);

/* The next line, valid until the next call: LINED_OK. Sends what has gathered before it waits.
 * Otherwise the reason for the end: LINED_EOF, _RESET, _IDLE_TIMEOUT, _LINE_TOO_LONG, _STOPPING,
 * _CUT, _SEND_TIMEOUT, or -errno. */
int conn_recv_line(struct lined_conn *conn, const char **line, size_t *size);

/* Counts amount more. One writer: a load and a store, without the cost of an atomic addition. */
static inline void conn_count(_Atomic uint64_t *counter, uint64_t amount)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

/* What an errno of send(2) or recv(2) says of the connection: LINED_CUT, LINED_RESET or -errno. */
int conn_reason(struct lined_conn *conn, int error);

/* Says goodbye for the reason, so that no reply on its way is destroyed by a reset. Waits for the
 * client, but not for long, and not past a cut. The descriptor is to be closed afterwards. */
void conn_finish(struct lined_conn *conn, int reason);

#endif
