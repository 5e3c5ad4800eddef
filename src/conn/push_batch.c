#include "push_batch.h"

#include "base/invariant.h"
#include "buffer/send_buffer.h"
#include "outbox.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The gathered bytes of one batch take this memory at most, roughly: a batch that has more is
 * flushed before the next push. Enough for 16 lines of 64 bytes to 3,000 clients. */
#define MEMORY_MAX ((size_t)4 * 1024 * 1024)

static _Thread_local struct push_batch *current;

/* No outbox has the new number. */
static void renew_number(struct push_batch *batch)
{
    batch->number =
        atomic_fetch_add_explicit(&batch->flusher->batches, 1, memory_order_relaxed) + 1;
    batch->has_pushed = false;
}

void push_batch_begin(struct push_batch *batch, struct flusher *flusher,
                      const struct line_buffer *input)
{
    INVARIANT(current == NULL);
    batch->flusher = flusher;
    batch->input = input;
    batch->has_pushed = false;
    if (input != NULL)
        renew_number(batch);
    batch->numbers = batch->first;
    batch->count = 0;
    batch->capacity = PUSH_BATCH_FIRST;
    batch->memory = 0;
    current = batch;
}

static void send_to(struct flusher *flusher, uint64_t number)
{
    struct table_entry *entry = conn_table_borrow(flusher->table, number);

    if (entry == NULL)
        return;
    if (outbox_flush_locked(entry->outbox))
        flusher_watch_locked(flusher, entry);
    conn_table_return(entry);
}

static void flush(struct push_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        send_to(batch->flusher, batch->numbers[i]);
    if (batch->numbers != batch->first)
        free(batch->numbers);
    batch->numbers = batch->first;
    batch->count = 0;
    batch->capacity = PUSH_BATCH_FIRST;
    batch->memory = 0;
}

void push_batch_end(struct push_batch *batch)
{
    INVARIANT(current == batch);
    flush(batch);
    current = NULL;
}

void push_batch_flush(void)
{
    if (current != NULL && current->count > 0)
        flush(current);
    if (current != NULL && current->has_pushed)
        renew_number(current);
}

bool push_batch_gathers_locked(struct push_batch *batch, struct table_entry *entry)
{
    if (batch->input == NULL || line_buffer_unread(batch->input) > 0 ||
        entry->outbox->pushed_by == batch->number)
        return true;
    entry->outbox->pushed_by = batch->number;
    batch->has_pushed = true;
    return false;
}

/* False: there is no memory. */
static bool grow(struct push_batch *batch)
{
    bool is_first = batch->numbers == batch->first;
    size_t capacity = batch->capacity * 2;
    uint64_t *numbers = realloc(is_first ? NULL : batch->numbers, capacity * sizeof *numbers);

    if (numbers == NULL)
        return false;
    if (is_first)
        memcpy(numbers, batch->first, sizeof batch->first);
    batch->numbers = numbers;
    batch->capacity = capacity;
    return true;
}

struct push_batch *push_batch_current(const struct flusher *flusher)
{
    struct push_batch *batch = current;

    if (batch == NULL || batch->flusher != flusher)
        return NULL;
    if (batch->memory >= MEMORY_MAX)
        flush(batch);
    return batch->count < batch->capacity || grow(batch) ? batch : NULL;
}

/* The mark saves a second note while no other batch gathers for the same client. Each flush takes
 * the mark away, so a client that has this batch's mark is in its list. */
void push_batch_note_locked(struct push_batch *batch, struct table_entry *entry, size_t size)
{
    batch->memory += size;
    if (entry->outbox->noted_by == batch)
        return;
    entry->outbox->noted_by = batch;
    batch->memory += SEND_BUFFER_FIRST_SIZE;
    batch->numbers[batch->count++] = entry->number;
}
