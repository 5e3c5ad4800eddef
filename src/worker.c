#include "worker.h"

#include "active/active.h"
#include "base/thread.h"
#include "conn/conn.h"
#include "conn/push_batch.h"
#include "lined.h"
#include "server_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A connection, and the workers one of which serves it. */
struct session {
    struct workers *workers;
    bool is_proxy;             /* the client begins with a PROXY header */
    union net_address counted; /* as admission counts the client */
    struct lined_conn conn;
};

/* Receives a line, handles it, and goes on; conn_wait_delivery sends the replies before it waits.
 */
static int serve_lines(struct lined_conn *conn, void *state)
{
    for (;;) {
        const char *line;
        size_t size;
        bool is_body;
        int result = conn_wait_delivery(conn, &line, &size, &is_body);
        if (result == LINED_OK && !is_body)
            conn_count_line(conn, line, size);
        if (result == LINED_OK)
            result = conn_deliver(conn, state, line, size, is_body);
        else if (result == LINED_DEADLINE)
            result = conn_deliver_deadline(conn, state);
        if (result == LINED_OK && conn->is_mid_reply) /* the reply ends here: pushes may go now */
            result = conn_send_replies(conn);
        if (result != LINED_OK)
            return result;
    }
}

/* A task that returns LINED_OK has ended as it wished. */
static int run_task(struct lined_conn *conn, void *state)
{
    const struct service *service = conn->service;
    int result = service->handler->task(service->context, conn, state);

    return result == LINED_OK ? LINED_END : result;
}

/* Returns the reason for the end. */
static int run_callbacks(struct lined_conn *conn)
{
    const struct service *service = conn->service;
    void *state = NULL;

    int reason = conn_open(conn, &state);
    if (reason != LINED_OK)
        return reason;
    reason = service->handler->task != NULL ? run_task(conn, state) : serve_lines(conn, state);
    if (service->handler->close != NULL)
        service->handler->close(service->context, conn, state, reason);
    return reason;
}

/* Passive mode: the callbacks run here, and what they push is gathered. */
static int passive_serve(struct lined_conn *conn)
{
    struct push_batch batch;

    push_batch_begin(&batch, conn->service->flusher, &conn->in);
    int reason = run_callbacks(conn);
    push_batch_end(&batch);
    return reason;
}

/* Ends the connection. The order matters: see conn_table.h and lifecycle.h. */
static void end(struct session *session, int reason)
{
    struct workers *workers = session->workers;
    struct lined_conn *conn = &session->conn;
    struct lifecycle *lifecycle = conn->service->lifecycle;
    int fd = conn->entry.fd;

    /* Before the client learns of the end, since it may connect again at once. */
    if (admission_leave(workers->admission, &session->counted))
        conn_linger(conn, reason);
    admission_forget(workers->admission, &session->counted);
    lifecycle_leave(lifecycle);
    conn_table_remove(workers->table, &conn->entry);
    conn->pending.bytes_dropped += conn->not_delivered;
    conn->pending.slow_consumers = outbox_is_slow(&conn->outbox);
    conn->pending.bad_proxy_headers = reason == LINED_BAD_PROXY_HEADER;
    conn_add_counts(conn);
    totals_closed(conn->service->totals, reason);
    close(fd);
    conn_deinit(conn);
    free(session);
    lifecycle_release(lifecycle);
}

/* Receives the address of a client behind a proxy, and admits the client with it. LINED_OK, or why
 * the connection ends. */
static int admit_behind_proxy(struct session *session)
{
    struct lined_conn *conn = &session->conn;
    const char *line;

    int result = conn_receive_proxy_header(conn);
    if (result == LINED_OK)
        result =
            admission_admit(session->workers->admission, &conn->peer, 0, &line, &session->counted);
    if (result != LINED_OK)
        return result;
    if (line == NULL)
        return LINED_OK;
    result = lined_send(conn, line, strlen(line));
    return result == LINED_OK ? LINED_OVER_LIMIT : result;
}

static int serve_admitted(struct session *session)
{
    struct lined_conn *conn = &session->conn;

    return conn->service->options->mode == LINED_ACTIVE
               ? active_serve(conn, session->workers->mailbox)
               : passive_serve(conn);
}

static void serve(struct session *session)
{
    struct lined_conn *conn = &session->conn;

    int reason = session->is_proxy ? admit_behind_proxy(session) : LINED_OK;
    conn_observe_opened(conn);
    if (reason == LINED_OK)
        reason = conn_greet(conn);
    if (reason == LINED_OK)
        reason = serve_admitted(session);
    reason = conn_finish(conn, reason);
    conn_observe_closed(conn, reason);
    end(session, reason);
}

/* After thread_cache_leave the server may be gone. */
static void *worker_main(void *argument)
{
    struct session *session = argument;
    struct thread_cache *cache = &session->workers->cache;

    do {
        serve(session);
    } while ((session = thread_cache_wait(cache, THREAD_CACHE_WAIT_MS)) != NULL);
    thread_cache_leave(cache);
    return NULL;
}

static void *worker_thread(void *argument)
{
    return thread_run_callbacks(worker_main, argument);
}

/* On failure the session still belongs to the caller. */
static int pass_to_thread(struct workers *workers, struct session *session)
{
    if (thread_cache_pass(&workers->cache, session))
        return LINED_OK;
    size_t stack_size = atomic_load(&workers->stack_size);
    int result = thread_start_detached(&stack_size, worker_thread, session);
    atomic_store(&workers->stack_size, stack_size);
    if (result != LINED_OK)
        thread_cache_not_created(&workers->cache);
    return result;
}

/* The same. */
static int start(struct workers *workers, struct session *session)
{
    struct lifecycle *lifecycle = workers->service->lifecycle;

    int result = lifecycle_enter(lifecycle, live_max_connections(workers->service->live));
    if (result != LINED_OK)
        return result;
    result = conn_table_add(workers->table, &session->conn.entry);
    if (result == LINED_OK) {
        result = pass_to_thread(workers, session);
        if (result != LINED_OK)
            conn_table_remove(workers->table, &session->conn.entry);
    }
    if (result != LINED_OK)
        lifecycle_withdraw(lifecycle);
    return result;
}

int worker_start(struct workers *workers, const struct listener *listener, int fd,
                 const union net_address *peer, const union net_address *counted, bool is_proxy)
{
    struct session *session = malloc(sizeof *session);

    if (session == NULL)
        return -ENOMEM;
    session->workers = workers;
    session->is_proxy = is_proxy;
    session->counted = *counted;
    int result = conn_init(&session->conn, workers->service, listener, fd, peer);
    if (result == LINED_OK) {
        result = start(workers, session);
        if (result != LINED_OK)
            conn_deinit(&session->conn);
    }
    if (result != LINED_OK)
        free(session);
    return result;
}

void workers_init(struct workers *workers, const struct service *service, struct conn_table *table,
                  struct admission *admission, struct mailbox *mailbox)
{
    *workers = (struct workers){.service = service,
                                .table = table,
                                .admission = admission,
                                .mailbox = mailbox,
                                .stack_size = options_stack_size(service->options)};
    thread_cache_init(&workers->cache);
}

void workers_deinit(struct workers *workers)
{
    thread_cache_deinit(&workers->cache);
}

void workers_end(struct workers *workers)
{
    thread_cache_end(&workers->cache);
}
