/*
 * Bytes that other threads send to a connection, beside its own replies. A push goes straight to
 * the socket if the socket takes it and no reply is being sent; the rest waits here, up to a limit.
 * A client for which more would wait is a slow consumer: its socket is shut down, and its own
 * thread does the rest.
 *
 * The pushes of callbacks gather here, so that many of them cost one send. Each thread that has
 * gathered bytes notes the outbox, and flushes it: see push_batch.h.
 *
 * Any thread may push. The lock is held across sends, but only across sends that do not wait.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "buffer/send_buffer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Up to this size pushes gather for one client; then they are sent. */
#define OUTBOX_GATHER_MAX ((size_t)16 * 1024)

struct outbox {
    pthread_mutex_t lock; /* no thread waits for it while it holds the table's, see conn_table.h */
    int fd; /* never changes; closed only after the connection was removed from the table */
    struct send_buffer waiting;  /* lock */
    _Atomic uint64_t *bytes_out; /* one of the server's totals: bytes sent from here */
    uint64_t sent;               /* lock; bytes sent from here, of this connection */
    bool is_held;                /* lock; the worker is sending: pushes wait */
    _Atomic size_t held;         /* pushed bytes that the worker has taken and not sent yet; they
                                  * count as waiting. Set under the lock, made less without it by
                                  * the worker */
    bool is_gathered;            /* lock; all that waits was gathered, and the socket has not been
                                  * tried. Bytes that wait while this and is_held are false are
                                  * sent by the flusher */
    const void *noted_by;        /* lock; the batch that was the last to note the outbox, until a
                                  * batch flushes it. Only compared: the batch may be gone */
    uint64_t pushed_by;          /* lock; the number of the batch that was the last to push at once
                                  * from a callback, see push_batch.h */
    bool is_slow;                /* lock; the limit was passed */
    bool is_closed;              /* lock; no push is taken any more: the connection ends */
    bool saw_reset;              /* lock; a push found the client gone */
    bool is_watched;             /* lock; the socket is in the flusher's epoll set */

    /* The connection is to end, by lined_end: no push is taken any more. Set under the lock; the
     * worker reads it without the lock, and takes the farewell under it. */
    atomic_bool is_ending;
    char *farewell; /* lock; owned; sent after all else; NULL: there is none */
    size_t farewell_size;
};

/* The sizes of sends are added to *bytes_out, to which other threads add too. */
void outbox_init(struct outbox *outbox, int fd, size_t limit, _Atomic uint64_t *bytes_out);
void outbox_deinit(struct outbox *outbox);

void outbox_lock(struct outbox *outbox);
void outbox_unlock(struct outbox *outbox);

/* Pushes the bytes of count parts. gathers: they may stay here, and then is_gathered is true; else
 * they are sent at once, after those that were gathered before. LINED_OK, LINED_SLOW_CONSUMER, or
 * LINED_GONE when the client has reset. */
int outbox_push_locked(struct outbox *outbox, const struct iovec *parts, int count, bool gathers);

/* Sends what was gathered. False: there was nothing. */
bool outbox_flush_locked(struct outbox *outbox);

/* How many bytes wait because the client does not read, or its own replies are being sent. */
size_t outbox_pending_locked(const struct outbox *outbox);

/* Gives up a slow consumer. Its own thread finds the socket shut down, asks outbox_is_slow, and
 * ends the connection. Returns LINED_SLOW_CONSUMER. */
int outbox_disconnect_locked(struct outbox *outbox);

/* The socket takes bytes again: sends those that wait. False: it took none all the same, see
 * SEND_RETRY_MS. */
bool outbox_deliver_locked(struct outbox *outbox);

/* The connection is to end after this farewell: wakes its worker, which finds no more input.
 * LINED_OK; LINED_GONE if it ends already; -ENOMEM. */
int outbox_end_locked(struct outbox *outbox, const char *farewell, size_t size);

/* By the worker. It sees true at the latest when outbox_end_locked has shut down the socket's
 * reading side: shutdown(2) and recv(2) order the accesses. */
static inline bool outbox_is_ending(struct outbox *outbox)
{
    return atomic_load_explicit(&outbox->is_ending, memory_order_acquire);
}

/* True: bytes wait, and only the flusher will send them. */
bool outbox_needs_flusher_locked(const struct outbox *outbox);

/* The worker is about to send: pushes wait from now on. Bytes that waited already go to taken,
 * which must be empty, and must be sent first. */
void outbox_hold(struct outbox *outbox, struct send_buffer *taken);

/* size of the taken bytes were sent. By the worker. */
void outbox_sent_held(struct outbox *outbox, size_t size);

/* The reply is sent. False: done. True: pushes came in the meantime; they are in taken, which must
 * be empty before, and must be sent before this is called again. */
bool outbox_release(struct outbox *outbox, struct send_buffer *taken);

/* The connection ends. True: no push is taken any more. False: some wait, or the farewell, and must
 * be sent before; the outbox is still open. */
bool outbox_close(struct outbox *outbox);

bool outbox_is_slow(struct outbox *outbox);

/* A push found the client gone, so it may have taken the socket's error, which recv(2) then does
 * not report. */
bool outbox_saw_reset(struct outbox *outbox);

#endif
