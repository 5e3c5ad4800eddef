#include "dispatcher.h"

#include "base/invariant.h"
#include "base/thread.h"
#include "conn/push_batch.h"

/* Handles lines until all are done, one has another result than LINED_OK, so much is to be sent
 * that the connection's thread should do that first, or the connection is to end. */
static void handle_lines(struct dispatch_message *message)
{
    struct lined_conn *conn = message->conn;
    const struct service *service = conn->service;

    message->result = LINED_OK;
    message->handled = 0;
    deadlines_reset_skip(&conn->deadlines); /* lines were only gathered until now */
    while (message->handled < message->count && conn->out.used < CONN_SEND_SIZE) {
        message->result = conn_stop_reason(conn);
        if (message->result != LINED_OK)
            return;
        const struct dispatch_line *line = &message->lines[message->handled++];
        message->result =
            service->handler->line(service->context, conn, message->state, line->bytes, line->size);
        if (message->result != LINED_OK)
            return;
    }
}

static void handle(struct dispatch_message *message)
{
    const struct service *service = message->conn->service;

    switch (message->request) {
    case DISPATCH_OPEN:
        message->result = conn_open(message->conn, &message->state);
        break;
    case DISPATCH_LINES:
        handle_lines(message);
        break;
    case DISPATCH_CLOSE:
        service->handler->close(service->context, message->conn, message->state, message->result);
        break;
    }
}

/* What the callbacks push is gathered, and sent before the connection's thread sends the replies.
 */
static void handle_gathering(struct dispatch_message *message)
{
    struct push_batch batch;

    push_batch_begin(&batch, message->conn->service->flusher, NULL);
    handle(message);
    push_batch_end(&batch);
}

static void *dispatcher_main(void *argument)
{
    struct mailbox *mailbox = argument;
    struct mailbox_message *post;

    while ((post = mailbox_take(mailbox)) != NULL) {
        handle_gathering((struct dispatch_message *)post);
        mailbox_answer(post);
    }
    return NULL;
}

static void *dispatcher_thread(void *argument)
{
    return thread_run_callbacks(dispatcher_main, argument);
}

int dispatcher_start(pthread_t *thread, struct mailbox *mailbox)
{
    return thread_start(thread, dispatcher_thread, mailbox);
}

void dispatcher_join(pthread_t thread)
{
    INVARIANT(pthread_join(thread, NULL) == 0);
}
