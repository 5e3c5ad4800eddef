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
    outbox->is_gathered = false;
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

/* Sends bytes that wait. False: the socket took none. */
static bool send_waiting_locked(struct outbox *outbox)
{
    outbox->is_gathered = false;
    ssize_t sent = send_some_locked(outbox, outbox->waiting.data, outbox->waiting.used);
    if (sent >= 0)
        send_buffer_drop(&outbox->waiting, (size_t)sent);
    else
        outbox->saw_reset = true; /* the client is gone; its thread learns it from recv */
    if (sent < 0)
        outbox->waiting.used = 0;
    send_buffer_shrink(&outbox->waiting); /* a client that was slow once keeps little memory */
    return sent != 0;
}

/* Adds the parts without their first skip bytes to those that wait. All or nothing: a half push
 * would be torn. False: there is no memory. */
static bool put_parts_locked(struct outbox *outbox, const struct iovec *parts, int count,
                             size_t skip)
{
    struct send_buffer *waiting = &outbox->waiting;
    size_t before = waiting->used;

    for (int i = 0; i < count; i++) {
        size_t skipped = skip < parts[i].iov_len ? skip : parts[i].iov_len;
        size_t size = parts[i].iov_len - skipped;
        skip -= skipped;
        if (send_buffer_put(waiting, (const char *)parts[i].iov_base + skipped, size) < size) {
            waiting->used = before;
            return false;
        }
    }
    return true;
}

/* True: bytes wait, and a push has to wait behind them. */
static bool is_blocked(const struct outbox *outbox)
{
    return outbox->is_held || (outbox->waiting.used > 0 && !outbox->is_gathered);
}

/* Adds the parts to those that were gathered. If there is no room for them, those are sent before.
 * False: they are too large to gather, the client is blocked, or there is no memory. */
static bool gather_locked(struct outbox *outbox, const struct iovec *parts, int count, size_t size)
{
    size_t max = outbox->waiting.max < OUTBOX_GATHER_MAX ? outbox->waiting.max : OUTBOX_GATHER_MAX;

    if (is_blocked(outbox) || size > max)
        return false;
    if (outbox->waiting.used > max - size)
        send_waiting_locked(outbox);
    if (is_blocked(outbox) || !put_parts_locked(outbox, parts, count, 0))
        return false;
    outbox->is_gathered = true;
    return true;
}

/* Sends the parts, until the socket takes no more. Returns how many bytes it took, or -errno. */
static ssize_t send_parts_locked(struct outbox *outbox, const struct iovec *parts, int count)
{
    ssize_t sum = 0;

    for (int i = 0; i < count; i++) {
        ssize_t sent = send_some_locked(outbox, parts[i].iov_base, parts[i].iov_len);
        if (sent < 0)
            return sent;
        sum += sent;
        if ((size_t)sent < parts[i].iov_len)
            break;
    }
    return sum;
}

/* Sends the parts without gathering; what the socket does not take waits. */
static int send_or_wait_locked(struct outbox *outbox, const struct iovec *parts, int count,
                               size_t size)
{
    ssize_t sent = 0;

    if (outbox->is_gathered) /* in the order of the pushes */
        send_waiting_locked(outbox);
    if (!is_blocked(outbox))
        sent = send_parts_locked(outbox, parts, count);
    if (sent < 0) {
        outbox->saw_reset = true;
        return LINED_GONE;
    }
    size_t left = size - (size_t)sent;
    /* No memory counts as no room. */
    if (left > 0 &&
        (!has_room_locked(outbox, left) || !put_parts_locked(outbox, parts, count, (size_t)sent)))
        return outbox_disconnect_locked(outbox);
    return LINED_OK;
}

int outbox_push_locked(struct outbox *outbox, const struct iovec *parts, int count, bool gathers)
{
    size_t size = 0;

    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    if (outbox->is_slow)
        return LINED_SLOW_CONSUMER;
    if (outbox->is_closed || outbox->saw_reset || outbox_is_ending(outbox))
        return LINED_GONE;
    if (size == 0)
        return LINED_OK;
    /* Several parts, or bytes that were gathered before, are sent together. */
    bool are_joined = gathers || count > 1 || outbox->is_gathered;
    if (!are_joined || !gather_locked(outbox, parts, count, size))
        return send_or_wait_locked(outbox, parts, count, size);
    if (!gathers)
        send_waiting_locked(outbox);
    return outbox->saw_reset ? LINED_GONE : LINED_OK;
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

bool outbox_flush_locked(struct outbox *outbox)
{
    outbox->noted_by = NULL;
    if (!outbox->is_gathered)
        return false;
    send_waiting_locked(outbox);
    return true;
}

size_t outbox_pending_locked(const struct outbox *outbox)
{
    size_t waiting = outbox->is_gathered ? 0 : outbox->waiting.used;

    return waiting + atomic_load_explicit(&outbox->held, memory_order_relaxed);
}

bool outbox_deliver_locked(struct outbox *outbox)
{
    return outbox->is_held || outbox->waiting.used == 0 || send_waiting_locked(outbox);
}

bool outbox_needs_flusher_locked(const struct outbox *outbox)
{
    return !outbox->is_held && !outbox->is_gathered && outbox->waiting.used > 0;
}

static void take_waiting_locked(struct outbox *outbox, struct send_buffer *taken)
{
    const struct send_buffer empty = *taken;

    *taken = outbox->waiting;
    atomic_store_explicit(&outbox->held, taken->used, memory_order_relaxed);
    outbox->waiting = empty;
    outbox->waiting.max = taken->max;
    outbox->is_gathered = false;
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

/* The farewell waits behind the last push. */
static void queue_farewell_locked(struct outbox *outbox)
{
    if (outbox->farewell == NULL || outbox->waiting.used > 0)
        return;
    send_buffer_adopt(&outbox->waiting, outbox->farewell, outbox->farewell_size);
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
