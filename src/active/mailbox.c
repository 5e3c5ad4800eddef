#include "mailbox.h"

#include "base/invariant.h"

#include <errno.h>

static void lock(struct mailbox *mailbox)
{
    INVARIANT(pthread_mutex_lock(&mailbox->lock) == 0);
}

static void unlock(struct mailbox *mailbox)
{
    INVARIANT(pthread_mutex_unlock(&mailbox->lock) == 0);
}

void mailbox_init(struct mailbox *mailbox)
{
    *mailbox = (struct mailbox){0};
    mailbox->last = &mailbox->first;
    INVARIANT(pthread_mutex_init(&mailbox->lock, NULL) == 0);
    INVARIANT(pthread_cond_init(&mailbox->posted, NULL) == 0);
}

void mailbox_deinit(struct mailbox *mailbox)
{
    INVARIANT(mailbox->first == NULL);
    INVARIANT(pthread_cond_destroy(&mailbox->posted) == 0);
    INVARIANT(pthread_mutex_destroy(&mailbox->lock) == 0);
}

void mailbox_message_init(struct mailbox_message *message)
{
    message->next = NULL;
    INVARIANT(sem_init(&message->answered, 0, 0) == 0);
}

void mailbox_message_deinit(struct mailbox_message *message)
{
    INVARIANT(sem_destroy(&message->answered) == 0);
}

void mailbox_post_and_wait(struct mailbox *mailbox, struct mailbox_message *message)
{
    message->next = NULL;
    lock(mailbox);
    INVARIANT(!mailbox->closed);
    *mailbox->last = message;
    mailbox->last = &message->next;
    mailbox->depth++;
    if (mailbox->depth > mailbox->peak)
        mailbox->peak = mailbox->depth;
    /* The dispatcher waits only if there is no message, so only the first one has to wake it. */
    if (mailbox->depth == 1)
        INVARIANT(pthread_cond_signal(&mailbox->posted) == 0);
    unlock(mailbox);
    while (sem_wait(&message->answered) != 0)
        INVARIANT(errno == EINTR);
}

struct mailbox_message *mailbox_take(struct mailbox *mailbox)
{
    lock(mailbox);
    while (mailbox->first == NULL && !mailbox->closed)
        INVARIANT(pthread_cond_wait(&mailbox->posted, &mailbox->lock) == 0);
    struct mailbox_message *message = mailbox->first;
    if (message != NULL) {
        mailbox->first = message->next;
        if (mailbox->first == NULL)
            mailbox->last = &mailbox->first;
        mailbox->depth--;
    }
    unlock(mailbox);
    return message;
}

void mailbox_answer(struct mailbox_message *message)
{
    /* The sender may free the message as soon as it sees the count. sem_post(3) does not touch it
     * after that, as POSIX requires of an unlock and a post. */
    INVARIANT(sem_post(&message->answered) == 0);
}

void mailbox_close(struct mailbox *mailbox)
{
    lock(mailbox);
    mailbox->closed = true;
    INVARIANT(pthread_cond_signal(&mailbox->posted) == 0);
    unlock(mailbox);
}

void mailbox_stats(struct mailbox *mailbox, struct lined_stats *stats)
{
    lock(mailbox);
    stats->mailbox_depth = mailbox->depth;
    stats->mailbox_peak = mailbox->peak;
    unlock(mailbox);
}
