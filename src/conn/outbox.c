#include "outbox.h"

#include "base/invariant.h"
#include "lined.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

void outbox_init(struct outbox *outbox, int fd, size_t limit, _Atomic uint64_t *bytes_out)
{
    *outbox = (struct outbox){.fd = fd, .bytes_out = bytes_out};
    send_buffer_init(&outbox->waiting, limit, NULL);
    INVARIANT(pthread_mutex_init(&outbox->lock, NULL) == 0);
}

void outbox_deinit(struct outbox *outbox)
{
    INVARIANT(pthread_mutex_destroy(&outbox->lock) == 0);
    send_buffer_deinit(&outbox->waiting);
    free(outbox->farewell);
}

void outbox_lock(struct outbox *outbox)
{
    INVARIANT(pthread_mutex_lock(&outbox->lock) == 0);
}

void outbox_unlock(struct outbox *outbox)
{
    INVARIANT(pthread_mutex_unlock(&outbox->lock) == 0);
}

/* Sends the bytes that the socket takes without waiting; returns how many, or -errno of a dead
 * connection. */
static ssize_t send_some_locked(struct outbox *outbox, const char *bytes, size_t size)
{
    ssize_t sent;

    do {
        sent = send(outbox->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? 0 : -errno;
    atomic_fetch_add_explicit(outbox->bytes_out, (uint64_t)sent, memory_order_relaxed);
    outbox->sent += (uint64_t)sent;
    return sent;
}

int outbox_disconnect_locked(struct outbox *outbox)
{
    outbox->is_slow = true;
    send_buffer_deinit(&outbox->waiting);
    shutdown(outbox->fd, SHUT_RDWR);
    return LINED_SLOW_CONSUMER;
}

/* held only becomes less in the meantime, so an old value is too strict at worst. */
static bool has_room_locked(const struct outbox *outbox, size_t size)
{
    size_t waiting =
        outbox->waiting.used + atomic_load_explicit(&outbox->held, memory_order_relaxed);

    return waiting <= outbox->waiting.max && size <= outbox->waiting.max - waiting;
}

int outbox_push_locked(struct outbox *outbox, const char *bytes, size_t size)
{
    ssize_t sent = 0;

    if (outbox->is_slow)
        return LINED_SLOW_CONSUMER;
    if (outbox->is_closed || outbox->saw_reset || outbox_is_ending(outbox))
        return LINED_GONE;
    if (!outbox->is_held && outbox->waiting.used == 0)
        sent = send_some_locked(outbox, bytes, size);
    if (sent < 0) {
        outbox->saw_reset = true;
        return LINED_GONE;
    }
    size_t left = size - (size_t)sent;
    /* All or nothing: a half push would be torn. No memory counts as no room. */
    if (left > 0 && (!has_room_locked(outbox, left) ||
                     send_buffer_put(&outbox->waiting, bytes + sent, left) < left))
        return outbox_disconnect_locked(outbox);
    return LINED_OK;
}

int outbox_end_locked(struct outbox *outbox, const char *farewell, size_t size)
{
    if (outbox->is_closed || outbox->saw_reset || outbox->is_slow || outbox_is_ending(outbox))
        return LINED_GONE;
    if (size > 0) {
        outbox->farewell = malloc(size);
        if (outbox->farewell == NULL)
            return -ENOMEM;
        memcpy(outbox->farewell, farewell, size);
        outbox->farewell_size = size;
    }
    atomic_store_explicit(&outbox->is_ending, true, memory_order_release);
    shutdown(outbox->fd, SHUT_RD);
    return LINED_OK;
}

bool outbox_deliver_locked(struct outbox *outbox)
{
    if (outbox->is_held || outbox->waiting.used == 0)
        return true;
    ssize_t sent = send_some_locked(outbox, outbox->waiting.data, outbox->waiting.used);
    if (sent >= 0)
        send_buffer_drop(&outbox->waiting, (size_t)sent);
    else
        outbox->saw_reset = true; /* the client is gone; its thread learns it from recv */
    if (sent < 0 || outbox->waiting.used == 0)
        send_buffer_deinit(
            &outbox->waiting); /* a client that was slow once does not keep the memory */
    return sent != 0;
}

bool outbox_needs_flusher_locked(const struct outbox *outbox)
{
    return !outbox->is_held && outbox->waiting.used > 0;
}

static void take_waiting_locked(struct outbox *outbox, struct send_buffer *taken)
{
    const struct send_buffer empty = *taken;

    *taken = outbox->waiting;
    atomic_store_explicit(&outbox->held, taken->used, memory_order_relaxed);
    outbox->waiting = empty;
    outbox->waiting.max = taken->max;
}

void outbox_hold(struct outbox *outbox, struct send_buffer *taken)
{
    outbox_lock(outbox);
    outbox->is_held = true;
    take_waiting_locked(outbox, taken);
    outbox_unlock(outbox);
}

void outbox_sent_held(struct outbox *outbox, size_t size)
{
    atomic_fetch_sub_explicit(&outbox->held, size, memory_order_relaxed);
}

bool outbox_release(struct outbox *outbox, struct send_buffer *taken)
{
    outbox_lock(outbox);
    bool more = outbox->waiting.used > 0;
    atomic_store_explicit(&outbox->held, 0,
                          memory_order_relaxed); /* bytes that could not be sent, too */
    if (more)
        take_waiting_locked(outbox, taken);
    else
        outbox->is_held = false;
    outbox_unlock(outbox);
    return more;
}

bool outbox_is_slow(struct outbox *outbox)
{
    outbox_lock(outbox);
    bool is_slow = outbox->is_slow;
    outbox_unlock(outbox);
    return is_slow;
}

bool outbox_saw_reset(struct outbox *outbox)
{
    outbox_lock(outbox);
    bool saw_reset = outbox->saw_reset;
    outbox_unlock(outbox);
    return saw_reset;
}

/* The farewell waits behind the last push; it is the owner's memory that changes hands. */
static void queue_farewell_locked(struct outbox *outbox)
{
    struct send_buffer *waiting = &outbox->waiting;

    if (outbox->farewell == NULL || waiting->used > 0)
        return;
    send_buffer_deinit(waiting);
    waiting->data = outbox->farewell;
    waiting->capacity = waiting->used = outbox->farewell_size;
    outbox->farewell = NULL;
}

bool outbox_close(struct outbox *outbox)
{
    outbox_lock(outbox);
    queue_farewell_locked(outbox);
    outbox->is_closed = outbox->waiting.used == 0;
    bool is_closed = outbox->is_closed;
    outbox_unlock(outbox);
    return is_closed;
}
