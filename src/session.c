#include "session.h"

#include "conn.h"
#include "invariant.h"
#include "owner.h"
#include "server.h"
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- passive delivery: the callbacks run here ---- */

static int receive_lines(struct lined_conn *conn, void *state)
{
    const struct lined_worker *worker = conn->server->worker;

    for (;;) {
        const char *line;
        size_t size;
        int result = lined_recv_line(conn, &line, &size);
        if (result == LINED_OK)
            result = worker->line(conn, state, line, size);
        if (result == LINED_OK && conn->is_mid_reply) /* this is its end: pushes may go now */
            result = conn_send_gathered(conn);
        if (result != LINED_OK)
            return result;
    }
}

/* A task that returns LINED_OK has ended as it wished. */
static int run_task(struct lined_conn *conn, void *state)
{
    int result = conn->server->worker->task(conn, state);

    return result == LINED_OK ? LINED_END : result;
}

/* Returns the reason for the end. */
static int serve_passive(struct lined_conn *conn)
{
    const struct lined_worker *worker = conn->server->worker;
    void *state = NULL;

    int refused = conn_open(conn, &state);
    if (refused != LINED_OK)
        return refused;
    int reason = worker->task != NULL ? run_task(conn, state) : receive_lines(conn, state);
    if (worker->close != NULL)
        worker->close(conn, state, reason);
    return reason;
}

/* ---- active delivery: the callbacks run on the owner thread, which this one waits for ---- */

static void ask(struct owner_message *message, enum owner_request request)
{
    message->request = request;
    message->conn->is_with_owner = true;
    mailbox_post_and_wait(&message->conn->server->mailbox, &message->post);
    message->conn->is_with_owner = false;
}

/* Puts the lines that are here into the message, after waiting for the first. */
static int gather_lines(struct owner_message *message)
{
    struct owner_line *lines = message->lines;
    int result = conn_wait_line(message->conn, &lines[0].bytes, &lines[0].size);

    message->count = result == LINED_OK;
    while (result == LINED_OK && message->count < OWNER_LINES_MOST &&
           conn_take_line(message->conn, &lines[message->count].bytes, &lines[message->count].size))
        message->count++;
    return result;
}

/* Has the lines handled, however many messages it takes: what a message leaves undone because the
 * replies are many comes first in the next. */
static int deliver_lines(struct owner_message *message)
{
    size_t count = message->count;
    size_t done = 0;

    for (;;) {
        ask(message, OWNER_LINES);
        for (size_t i = 0; i < message->handled; i++)
            conn_handed_on(message->conn, message->lines[i].bytes, message->lines[i].size);
        done += message->handled;
        if (message->result != LINED_OK || done == count)
            return message->result;
        int failed = conn_send_gathered(message->conn);
        if (failed != LINED_OK)
            return failed;
        for (size_t i = 0; i < message->count - message->handled; i++)
            message->lines[i] = message->lines[i + message->handled];
        message->count -= message->handled;
    }
}

static int post_lines(struct owner_message *message)
{
    for (;;) {
        int result = gather_lines(message);
        if (result == LINED_OK)
            result = deliver_lines(message);
        if (result != LINED_OK)
            return result;
    }
}

/* Returns the reason for the end. */
static int serve_active(struct lined_conn *conn)
{
    struct owner_message message = {.worker = conn->server->worker, .conn = conn};
    int reason = LINED_OK;

    mailbox_message_init(&message.post);
    if (message.worker->open != NULL) {
        ask(&message, OWNER_OPEN);
        reason = message.result;
    } else {
        reason = conn_open(conn, &message.state);
    }
    if (reason == LINED_OK) {
        reason = post_lines(&message);
        message.result = reason;
        if (message.worker->close != NULL)
            ask(&message, OWNER_CLOSE);
    }
    mailbox_message_deinit(&message.post);
    return reason;
}

/* ---- the thread ---- */

static void observe_closed(struct lined_conn *conn, int reason)
{
    const struct lined_observer *observer = conn->server->options.observer;

    if (observer != NULL && observer->closed != NULL)
        observer->closed(observer->context, &conn->observer_slot, conn, reason);
}

static void serve(struct lined_conn *conn)
{
    struct registry *registry = &conn->server->registry;
    struct admission *admission = &conn->server->admission;
    int fd = conn->entry.fd;

    int reason =
        conn->server->options.mode == LINED_ACTIVE ? serve_active(conn) : serve_passive(conn);
    reason = conn_finish(conn, reason);
    observe_closed(conn, reason);
    /* Before the client hears of our end, for then it may come again at once. */
    if (admission_leave(admission, &conn->peer))
        conn_say_goodbye(conn, reason);
    admission_forget(admission, &conn->peer);

    conn->pending.bytes_dropped = conn->not_delivered;
    totals_add(conn->totals, &conn->pending);
    /* The order matters, see registry.h. */
    registry_leave(registry, &conn->entry);
    close(fd);
    conn_deinit(conn);
    free(conn);
    registry_release(registry);
}

/* Once it has left, the server may be gone. */
static void *session_main(void *argument)
{
    struct lined_conn *conn = argument;
    lined_server *server = conn->server;

    do {
        serve(conn);
    } while ((conn = thread_cache_wait(&server->thread_cache, THREAD_CACHE_WAIT_MS)) != NULL);
    thread_cache_leave(&server->thread_cache);
    return NULL;
}

static void *session_thread(void *argument)
{
    return thread_run_callbacks(session_main, argument);
}

/* Hands the connection to a thread of its own. On failure it still belongs to the caller. */
static int run(struct lined_conn *conn)
{
    lined_server *server = conn->server;

    int result = registry_join(&server->registry, &conn->entry);
    if (result != LINED_OK)
        return result;
    if (thread_cache_pass(&server->thread_cache, conn))
        return LINED_OK;
    result = thread_start_detached(&server->stack_size, session_thread, conn);
    if (result != LINED_OK) {
        thread_cache_not_created(&server->thread_cache);
        registry_withdraw(&server->registry, &conn->entry);
    }
    return result;
}

int session_start(lined_server *server, int fd, const union net_address *peer)
{
    struct lined_conn *conn = malloc(sizeof *conn);
    int result = -ENOMEM;

    if (conn != NULL) {
        conn_init(conn, server, fd, peer);
        result = run(conn);
        if (result != LINED_OK)
            conn_deinit(conn);
    }
    if (result != LINED_OK)
        free(conn);
    return result;
}
