#include "dispatcher.h"

#include "base/invariant.h"
#include "base/thread.h"
#include "conn/push_batch.h"

/* Handles lines until all are done, one has another result than LINED_OK, the handler expects bytes
 * instead of the next line or has changed the length of lines, so much is to be sent that the
 * connection's thread should do that first, or the connection is to end. */
static void handle_lines(struct dispatch_message *message)
{
    struct lined_conn *conn = message->conn;

    message->result = LINED_OK;
    message->handled = 0;
    deadlines_reset_skip(&conn->deadlines); /* lines were only gathered until now */
    while (message->handled < message->count && conn->out.used < CONN_SEND_SIZE &&
           !conn->has_changed) {
        message->result = conn_stop_reason(conn);
        if (message->result != LINED_OK)
            return;
        const struct dispatch_line *line = &message->lines[message->handled++];
        message->result =
            conn_deliver(conn, message->state, line->bytes, line->size, message->is_body);
        if (message->result != LINED_OK)
            return;
    }
}

static void handle_close(struct dispatch_message *message)
{
    const struct service *service = message->conn->service;

    service->handler->close(service->context, message->conn, message->state, message->result);
}

static void handle(struct dispatch_message *message)
{
    switch (message->request) {
    case DISPATCH_OPEN:
        message->result = conn_open(message->conn, &message->state);
        break;
    case DISPATCH_LINES:
        handle_lines(message);
        break;
    case DISPATCH_DEADLINE:
        message->result = conn_deliver_deadline(message->conn, message->state);
        break;
    case DISPATCH_CLOSE:
        handle_close(message);
        break;
    case DISPATCH_CALL:
        break;
    }
}

/* What the callbacks of a connection push is gathered, and sent before its thread sends the
 * replies. A call of the timer thread has no connection, and pushes at once. */
static void handle_gathering(struct dispatch_message *message)
{
    struct push_batch batch;

    if (message->request == DISPATCH_CALL) {
        message->call(message->argument);
        return;
    }

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

int dispatcher_start(pthread_t *thread, size_t stack_size, struct mailbox *mailbox)
{
    return thread_start_sized(thread, stack_size, dispatcher_thread, mailbox);
}

void dispatcher_call(struct mailbox *mailbox, void (*call)(void *argument), void *argument)
{
    struct dispatch_message message = {
        .request = DISPATCH_CALL, .call = call, .argument = argument};

    mailbox_message_init(&message.post);
    mailbox_post_and_wait(mailbox, &message.post);
    mailbox_message_deinit(&message.post);
}

void dispatcher_join(pthread_t thread)
{
    INVARIANT(pthread_join(thread, NULL) == 0);
}
