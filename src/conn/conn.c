/* A connection's begin, its callbacks, and what an error of its socket means. */
#include "conn.h"

#include "base/monotonic.h"
#include "net/peer.h"
#include "push_batch.h"

#include <errno.h>
#include <string.h>

/* In active mode the reply of one callback must fit whole, because the dispatcher never sends. */
#define ACTIVE_SEND_SIZE ((size_t)16 * 1024 * 1024)

int conn_init(struct lined_conn *conn, const struct service *service,
              const struct listener *listener, int fd, const union net_address *peer)
{
    const struct lined_options *options = service->options;
    const struct live_options *live = service->live;

    *conn = (struct lined_conn){
        .entry = {.fd = fd},
        .service = service,
        .listener = listener,
        .peer = *peer,
        .totals = totals_cell(service->totals, fd),
        .latency = service->latency == NULL ? NULL : latency_cell(service->latency, fd),
        .accepted_ms = monotonic_ms()};
    int failed = waker_init(&conn->waker, service->handler->wakeable);
    if (failed != LINED_OK)
        return failed;
    busy_poll_init(&conn->busy_poll);
    pace_init(&conn->pace, options->line_rate);
    deadlines_init(&conn->deadlines, live_ms(&live->idle_timeout_ms),
                   live_ms(&live->line_timeout_ms), live_ms(&live->session_timeout_ms),
                   conn->accepted_ms);
    outbox_init(&conn->outbox, fd, options->push_limit, &conn->totals->bytes_out);
    conn->entry.outbox = &conn->outbox;
    conn->entry.lock = &conn->outbox.lock;
    line_buffer_init(&conn->in, options->max_line, conn->in_first);
    send_buffer_init(&conn->out, options->mode == LINED_ACTIVE ? ACTIVE_SEND_SIZE : CONN_SEND_SIZE,
                     conn->out_first);
    return LINED_OK;
}

void conn_deinit(struct lined_conn *conn)
{
    block_free(&conn->text);
    waker_deinit(&conn->waker);
    outbox_deinit(&conn->outbox);
    line_buffer_deinit(&conn->in);
    send_buffer_deinit(&conn->out);
}

int conn_greet(struct lined_conn *conn)
{
    const char *greeting = conn->service->greeting;

    if (greeting == NULL)
        return LINED_OK;
    int result = lined_send(conn, greeting, strlen(greeting));
    return result == LINED_OK ? conn_send_replies(conn) : result;
}

int conn_open(struct lined_conn *conn, void **state)
{
    const struct service *service = conn->service;
    int result = lifecycle_phase(service->lifecycle) == LIFECYCLE_CUT ? LINED_CUT : LINED_OK;

    if (result == LINED_OK && service->handler->open != NULL)
        result = service->handler->open(service->context, conn, state);
    if (result == LINED_OK)
        atomic_store_explicit(&conn->entry.is_open, true, memory_order_relaxed);
    return result;
}

int conn_reason(struct lined_conn *conn, int error)
{
    if (lifecycle_phase(conn->service->lifecycle) == LIFECYCLE_CUT)
        return LINED_CUT;
    if (outbox_is_slow(&conn->outbox))
        return LINED_SLOW_CONSUMER;
    switch (peer_loss(conn->entry.fd, error)) {
    case PEER_LOST:
        return LINED_LOST;
    case PEER_LOST_UNACKNOWLEDGED:
        return LINED_SEND_TIMEOUT;
    case PEER_NOT_LOST:
        break;
    }
    return error == EPIPE || error == ECONNRESET ? LINED_RESET : -error;
}

/* ---- the observer ---- */

void conn_observe_opened(struct lined_conn *conn)
{
    const struct lined_observer *observer = conn->service->options->observer;

    if (observer != NULL && observer->opened != NULL)
        observer->opened(observer->context, conn, &conn->observer_slot);
}

void conn_count_line(struct lined_conn *conn, const char *line, size_t size)
{
    const struct lined_observer *observer = conn->service->options->observer;

    conn->pending.lines++;
    conn->not_delivered -= size;
    if (observer != NULL && observer->line != NULL)
        observer->line(observer->context, conn, &conn->observer_slot, line, size);
}

/* Only this thread writes, so it needs no atomic addition. */
static void add(_Atomic uint64_t *sum, uint64_t amount)
{
    atomic_store_explicit(sum, atomic_load_explicit(sum, memory_order_relaxed) + amount,
                          memory_order_relaxed);
}

void conn_add_counts(struct lined_conn *conn)
{
    add(&conn->sums.lines, conn->pending.lines);
    add(&conn->sums.bytes_in, conn->pending.bytes_in);
    add(&conn->sums.bytes_out, conn->pending.bytes_out);
    totals_add(conn->totals, &conn->pending);
}

void conn_end_batch(struct lined_conn *conn)
{
    const struct lined_observer *observer = conn->service->options->observer;

    conn_add_counts(conn);
    if (observer != NULL && observer->batch_end != NULL)
        observer->batch_end(observer->context, conn, &conn->observer_slot);
    push_batch_flush();
}

void conn_observe_closed(struct lined_conn *conn, int reason)
{
    const struct lined_observer *observer = conn->service->options->observer;

    if (observer != NULL && observer->closed != NULL)
        observer->closed(observer->context, conn, &conn->observer_slot, reason);
}
