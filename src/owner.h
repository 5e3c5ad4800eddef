/*
 * Active delivery: all callbacks of a server run on one owner thread. A connection's thread posts
 * the lines it holds as one message, waits for the answer, and sends the replies itself, so a
 * client that does not read stalls nobody but itself.
 */
#ifndef OWNER_H
#define OWNER_H

#include "conn.h"
#include "lined.h"
#include "mailbox.h"

#include <pthread.h>

/* How many lines one message can bring. They are on the stack of the connection's thread. */
#define OWNER_LINES_MOST 64

struct owner_line {
    const char *bytes;
    size_t size;
};

enum owner_request { OWNER_OPEN, OWNER_LINES, OWNER_CLOSE };

/* Until it is answered it belongs to the owner thread, and so do its connection's out buffer
 * and deadlines. */
struct owner_message {
    struct mailbox_message post; /* first: the mailbox knows no more */
    enum owner_request request;
    const struct lined_worker *worker;
    struct lined_conn *conn;
    void *state;                               /* of the worker, from open to close */
    struct owner_line lines[OWNER_LINES_MOST]; /* OWNER_LINES */
    size_t count;                              /* of lines */
    size_t handled;                            /* set by the owner: the first so many are done */
    int result;                                /* set by the owner: the last callback's, or why
                                                * there was no next; for OWNER_CLOSE the reason
                                                * that it is told */
};

/* Starts the thread that answers what is posted to the mailbox. LINED_OK or -errno. */
int owner_start(pthread_t *thread, struct mailbox *mailbox);

/* Closes the mailbox, to which nobody may post any more, and waits for the thread. */
void owner_stop(pthread_t thread, struct mailbox *mailbox);

#endif
