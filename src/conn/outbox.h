/*
 * What others send to a connection, beside its own replies. A push goes straight to the socket when
 * that takes it and no reply is under way; what is left waits here, up to a limit. A client that
 * leaves more waiting is a slow consumer: its socket is shut down, and its own thread does the
 * rest.
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

struct outbox {
    pthread_mutex_t lock; /* may be taken while the table's is held, never the other way round */
    int fd; /* never changes; closed only after the registry gives the outbox to nobody */
    struct send_buffer waiting;  /* lock */
    _Atomic uint64_t *bytes_out; /* a sum of the server's: bytes that went straight to the socket */
    bool is_held;                /* lock; the connection's thread is sending: pushes wait */
    _Atomic size_t held;         /* pushed bytes that it has taken and not sent yet, which count as
                                  * waiting; set under the lock, made less by that thread without */
    bool is_slow;                /* lock; the limit was passed */
    bool is_closed;              /* lock; nothing more is taken: the connection ends */
    bool saw_reset;              /* lock; a push found the client gone */
    bool is_watched;             /* lock; the courier's, see there */
};

/* What is sent is added to *bytes_out, which others add to as well. */
void outbox_init(struct outbox *outbox, int fd, size_t limit, _Atomic uint64_t *bytes_out);
void outbox_deinit(struct outbox *outbox);

void outbox_lock(struct outbox *outbox);
void outbox_unlock(struct outbox *outbox);

/* LINED_OK, LINED_SLOW_CONSUMER, or LINED_GONE when the client has reset. */
int outbox_push_locked(struct outbox *outbox, const char *bytes, size_t size);

/* Gives a slow consumer up. Its own thread finds its socket shut down, asks outbox_is_slow, and
 * ends. Returns LINED_SLOW_CONSUMER. */
int outbox_disconnect_locked(struct outbox *outbox);

/* The socket takes bytes again: sends what waits. False: it took none all the same, see
 * SEND_RETRY_MS. */
bool outbox_deliver_locked(struct outbox *outbox);

/* True if bytes wait, and nobody but the courier will send them. */
bool outbox_needs_flusher_locked(const struct outbox *outbox);

/* The connection's thread is about to send: pushes wait from now on. What waited already goes to
 * taken, which must be empty, and is to be sent first. */
void outbox_hold(struct outbox *outbox, struct send_buffer *taken);

/* So many of the bytes that were taken are sent. By the connection's thread. */
void outbox_sent_held(struct outbox *outbox, size_t size);

/* Its reply is sent. False: done. True: pushes came meanwhile; they are in taken, which must be
 * empty, and are to be sent before this is called again. */
bool outbox_release(struct outbox *outbox, struct send_buffer *taken);

/* The connection ends. True: pushes are refused from now on. False: some wait that are to be sent
 * before; then it is not closed yet. */
bool outbox_close(struct outbox *outbox);

bool outbox_is_slow(struct outbox *outbox);

/* A push found the client gone, and so may have taken the socket's error from its own thread. */
bool outbox_saw_reset(struct outbox *outbox);

#endif
