#include "active.h"

#include "dispatcher.h"

#include <stddef.h>

static void dispatch(struct mailbox *mailbox, struct dispatch_message *message,
                     enum dispatch_request request)
{
    message->request = request;
    message->conn->is_at_dispatcher = true;
    mailbox_post_and_wait(mailbox, &message->post);
    message->conn->is_at_dispatcher = false;
}

/* Waits for a line, and puts it and all whole lines that have come after it into the message. */
static int gather_lines(struct dispatch_message *message)
{
    struct dispatch_line *lines = message->lines;
    int result =
        conn_wait_delivery(message->conn, &lines[0].bytes, &lines[0].size, &message->is_body);

    message->conn->has_changed = false;
    message->count = result == LINED_OK;
    while (result == LINED_OK && !message->is_body && message->count < DISPATCH_LINES_MAX &&
           conn_take_line(message->conn, &lines[message->count].bytes, &lines[message->count].size))
        message->count++;
    return result;
}

/* Has the lines handled, in as many messages as that takes: a message ends early where its replies
 * are long, and the next one begins with the line after. */
static int deliver_lines(struct mailbox *mailbox, struct dispatch_message *message)
{
    size_t count = message->count;
    size_t done = 0;

    for (;;) {
        dispatch(mailbox, message, DISPATCH_LINES);
        for (size_t i = 0; i < message->handled && !message->is_body; i++)
            conn_count_line(message->conn, message->lines[i].bytes, message->lines[i].size);
        done += message->handled;
        if (message->result != LINED_OK || done == count)
            return message->result;
        if (message->conn->has_changed) { /* the bytes of the next lines are to be taken anew */
            conn_put_back(message->conn, message->lines[message->handled].bytes);
            return LINED_OK;
        }
        int failed = conn_send_replies(message->conn);
        if (failed != LINED_OK)
            return failed;
        for (size_t i = 0; i < message->count - message->handled; i++)
            message->lines[i] = message->lines[i + message->handled];
        message->count -= message->handled;
    }
}

static int serve_lines(struct mailbox *mailbox, struct dispatch_message *message)
{
    for (;;) {
        int result = gather_lines(message);
        if (result == LINED_OK) {
            result = deliver_lines(mailbox, message);
        } else if (result == LINED_DEADLINE) {
            dispatch(mailbox, message, DISPATCH_DEADLINE);
            result = message->result;
        }
        if (result != LINED_OK)
            return result;
    }
}

int active_serve(struct lined_conn *conn, struct mailbox *mailbox)
{
    const struct lined_handler *handler = conn->service->handler;
    struct dispatch_message message = {.conn = conn};
    int reason = LINED_OK;

    mailbox_message_init(&message.post);
    if (handler->open != NULL) {
        dispatch(mailbox, &message, DISPATCH_OPEN);
        reason = message.result;
    } else {
        reason = conn_open(conn, &message.state);
    }
    if (reason == LINED_OK) {
        reason = serve_lines(mailbox, &message);
        message.result = reason;
        if (handler->close != NULL)
            dispatch(mailbox, &message, DISPATCH_CLOSE);
    }
    mailbox_message_deinit(&message.post);
    return reason;
}
