/*
 * The pushes of callbacks, gathered. While a thread runs callbacks it has a batch: what it pushes
 * is left in the outboxes of the clients, and the batch notes which ones. The batch is flushed
 * before the thread sends replies or waits; so 16 lines that are pushed to one client cost one
 * send.
 *
 * When no input is left, a push may be the last one, and gathering it would cost more than it
 * saves: so the first push to a client then goes at once, with what was gathered for the client. If
 * more pushes to this client follow, they gather.
 *
 * A batch notes clients by number, so a client may end before the flush; its own thread has sent
 * the bytes then. If the client's thread or another batch has sent them, the flush finds none.
 *
 * A batch belongs to one thread and is on its stack. It needs no lock.
 */
#ifndef PUSH_BATCH_H
#define PUSH_BATCH_H

#include "buffer/line_buffer.h"
#include "flusher.h"
#include "table/conn_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PUSH_BATCH_FIRST 32

struct push_batch {
    struct flusher *flusher;         /* of the server, and with it the table */
    const struct line_buffer *input; /* what the thread has received and not handled; or NULL */
    uint64_t number;                 /* while input is not NULL; a new one after each flush */
    bool has_pushed;                 /* at once, under this number */
    uint64_t *numbers;               /* of clients; the memory is owned unless it is first */
    size_t count;                    /* of numbers; one may be noted twice */
    size_t capacity;                 /* of numbers */
    size_t memory;                   /* roughly what the gathered bytes take, in bytes */
    uint64_t first[PUSH_BATCH_FIRST];
};

/* From now on the thread's pushes to connections of this server gather. input: NULL if more pushes
 * may always come before the flush. */
void push_batch_begin(struct push_batch *batch, struct flusher *flusher,
                      const struct line_buffer *input);

/* Flushes the batch. From now on the thread pushes at once. */
void push_batch_end(struct push_batch *batch);

/* Flushes the batch of the calling thread, if it has one. */
void push_batch_flush(void);

/* The batch of the calling thread, with room for one more client. NULL: the thread has none, or one
 * of another server, which may be freed before the flush; or there is no memory. Then the thread
 * pushes at once. */
struct push_batch *push_batch_current(const struct flusher *flusher);

/* True: the next push to the entry, which the caller has borrowed, gathers. False: it goes at once.
 */
bool push_batch_gathers_locked(struct push_batch *batch, struct table_entry *entry);

/* size bytes were gathered in the outbox of the entry, which the caller has borrowed. After
 * push_batch_current, once. */
void push_batch_note_locked(struct push_batch *batch, struct table_entry *entry, size_t size);

#endif
