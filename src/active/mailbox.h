/*
 * Messages from connections to the owner thread of active delivery, in the order of arrival.
 *
 * A message lives with its sender, who waits until it is answered, so nothing is copied, and the
 * mailbox can never hold more than one message for each connection: it is bounded without a limit.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

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
    pthread_cond_t posted; /* the owner waits: there is a message, or the mailbox is closed */

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

/* Posts the message and waits until the owner has answered it. Any thread but the owner. */
void mailbox_post_and_wait(struct mailbox *mailbox, struct mailbox_message *message);

/* The next message, waiting for it; NULL once the mailbox is closed and empty. The owner. */
struct mailbox_message *mailbox_take(struct mailbox *mailbox);

/* Lets the sender go on. The message is the sender's again, and may be gone at once. The owner. */
void mailbox_answer(struct mailbox_message *message);

/* Nobody will post any more. */
void mailbox_close(struct mailbox *mailbox);

size_t mailbox_peak(struct mailbox *mailbox);

#endif
