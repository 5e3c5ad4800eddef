#include "owner.h"

#include "invariant.h"
#include "server.h"
#include "thread.h"

/* Handles lines until all are done, one has another result than LINED_OK, so much is to be sent
 * that the connection's thread should do that first, or the connection is to end. */
static void handle_lines(struct owner_message *message)
{
    message->result = LINED_OK;
    message->handled = 0;
    deadlines_forget_pace(&message->conn->deadlines); /* lines were only gathered until now */
    while (message->handled < message->count && message->conn->out.used < CONN_OUT_MOST) {
        message->result = conn_stop_reason(message->conn);
        if (message->result != LINED_OK)
            return;
        const struct owner_line *line = &message->lines[message->handled++];
        message->result =
            message->worker->line(message->conn, message->state, line->bytes, line->size);
        if (message->result != LINED_OK)
            return;
    }
}

static void handle(struct owner_message *message)
{
    const struct lined_worker *worker = message->worker;

    switch (message->request) {
    case OWNER_OPEN:
        message->result = conn_open(message->conn, &message->state);
        break;
    case OWNER_LINES:
        handle_lines(message);
        break;
    case OWNER_CLOSE:
        worker->close(message->conn, message->state, message->result);
        break;
    }
}

static void *owner_main(void *argument)
{
    struct mailbox *mailbox = argument;
    struct mailbox_message *post;

    while ((post = mailbox_take(mailbox)) != NULL) {
        handle((struct owner_message *)post);
        mailbox_answer(post);
    }
    return NULL;
}

static void *owner_thread(void *argument)
{
    return thread_run_callbacks(owner_main, argument);
}

int owner_start(pthread_t *thread, struct mailbox *mailbox)
{
    return thread_start(thread, owner_thread, mailbox);
}

void owner_stop(pthread_t thread, struct mailbox *mailbox)
{
    mailbox_close(mailbox);
    INVARIANT(pthread_join(thread, NULL) == 0);
}
