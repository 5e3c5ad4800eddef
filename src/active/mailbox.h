/*
 * Messages from connections to the dispatcher of active mode, in the order of arrival.
 *
 * A message belongs to its sender, which waits until it is answered. So nothing is copied, and the
 * mailbox never holds more than one message for each connection: it needs no limit.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include "lined.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

struct mailbox_message {
    struct mailbox_message *next; /* the mailbox's, from post to take */
    sem_t answered;               /* the sender waits on it */
};

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t posted; /* for the dispatcher: there is a message, or the mailbox is closed */

    struct mailbox_message *first; /* lock */
    struct mailbox_message **last; /* lock; where the next one is linked */
    size_t depth;                  /* lock; messages here, not taken */
    size_t peak;                   /* lock; the most that depth has been */
    bool closed;                   /* lock */
};

void mailbox_init(struct mailbox *mailbox);
void mailbox_deinit(struct mailbox *mailbox);

void mailbox_message_init(struct mailbox_message *message);
void mailbox_message_deinit(struct mailbox_message *message);

/* Posts the message and waits until it is answered. Any thread but the dispatcher. */
void mailbox_post_and_wait(struct mailbox *mailbox, struct mailbox_message *message);

/* The next message, waiting for it; NULL once the mailbox is closed and empty. The dispatcher. */
struct mailbox_message *mailbox_take(struct mailbox *mailbox);

/* Lets the sender continue. The message is the sender's again, and may be gone at once. The
 * dispatcher. */
void mailbox_answer(struct mailbox_message *message);

/* No thread will post any more. */
void mailbox_close(struct mailbox *mailbox);

/* Writes mailbox_depth and mailbox_peak. Any thread. */
void mailbox_stats(struct mailbox *mailbox, struct lined_stats *stats);

#endif
