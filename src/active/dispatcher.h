/*
 * Active mode: the dispatcher is one thread that runs all callbacks of a server. A connection's
 * thread queues the lines that it holds as one message, waits for the answer, and sends the replies
 * itself; so a client that does not read delays no other client.
 */
#ifndef DISPATCHER_H
#define DISPATCHER_H

#include "conn/conn.h"
#include "lined.h"
#include "mailbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* How many lines one message can bring. They are on the stack of the connection's thread. */
#define DISPATCH_LINES_MAX 64

struct dispatch_line {
    const char *bytes;
    size_t size;
};

enum dispatch_request {
    DISPATCH_OPEN,
    DISPATCH_LINES,
    DISPATCH_DEADLINE,
    DISPATCH_CLOSE,
    DISPATCH_CALL,
};

/* Until it is answered it belongs to the dispatcher, and so do its connection's send buffer and
 * deadlines. */
struct dispatch_message {
    struct mailbox_message post; /* first: the mailbox knows no more */
    enum dispatch_request request;
    struct lined_conn *conn;
    void *state;                                    /* of the handler, from open to close */
    struct dispatch_line lines[DISPATCH_LINES_MAX]; /* DISPATCH_LINES */
    size_t count;                                   /* of lines */
    bool is_body;   /* there is one, and it is the bytes that the handler expected */
    size_t handled; /* set by the dispatcher: how many lines are done */
    int result;     /* set by the dispatcher: the result of the last callback, or why there was no
                     * next one. For DISPATCH_CLOSE: the reason that close is given */
    void (*call)(void *argument); /* DISPATCH_CALL, which has no connection */
    void *argument;
};

/* Starts the thread, with a stack of that size, that answers the messages of the mailbox. LINED_OK
 * or -errno. */
int dispatcher_start(pthread_t *thread, size_t stack_size, struct mailbox *mailbox);

/* Has the dispatcher call the function, and waits until it has returned. Any other thread. */
void dispatcher_call(struct mailbox *mailbox, void (*call)(void *argument), void *argument);

/* Waits for the thread, which ends when the mailbox is closed and empty. */
void dispatcher_join(pthread_t thread);

#endif
