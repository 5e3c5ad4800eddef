/* Sending to connections from outside: lined_push and what is made of it, and lined_pending. */
#include "conn/flusher.h"
#include "conn/outbox.h"
#include "conn/push_batch.h"
#include "lined.h"
#include "server.h"
#include "table/conn_table.h"
#include "table/lifecycle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

static struct table_entry *borrow(lined_handle handle)
{
    return handle.server == NULL ? NULL : conn_table_borrow(&handle.server->table, handle.number);
}

static size_t size_of(const struct iovec *parts, int count)
{
    size_t size = 0;

    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    return size;
}

/* A callback gathers: its thread has a batch. */
int lined_pushv(lined_handle handle, const struct iovec *parts, int count)
{
    struct push_batch *batch =
        handle.server == NULL ? NULL : push_batch_current(&handle.server->flusher);
    struct table_entry *entry = borrow(handle);

    if (entry == NULL)
        return LINED_GONE;
    bool gathers = batch != NULL && push_batch_gathers_locked(batch, entry);
    int result = outbox_push_locked(entry->outbox, parts, count, gathers);
    if (gathers && entry->outbox->is_gathered)
        push_batch_note_locked(batch, entry, size_of(parts, count));
    else
        flusher_watch_locked(&handle.server->flusher, entry);
    conn_table_return(entry);
    return result;
}

int lined_push(lined_handle handle, const void *bytes, size_t size)
{
    const struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};

    return lined_pushv(handle, &part, 1);
}

size_t lined_push_many(const lined_handle *handles, size_t count, const void *bytes, size_t size)
{
    size_t reached = 0;

    for (size_t i = 0; i < count; i++)
        reached += lined_push(handles[i], bytes, size) == LINED_OK;
    return reached;
}

/* After a cut nothing can be sent: the rest of the connections is left out. */
size_t lined_broadcast(lined_server *server, const void *bytes, size_t size, lined_handle except)
{
    uint64_t numbers[CONN_TABLE_STEP];
    uint32_t at = 0;
    size_t reached = 0;
    bool is_last = false;

    while (!is_last) {
        size_t count = conn_table_list_open(&server->table, &at, numbers, &is_last);
        for (size_t i = 0; i < count; i++) {
            const lined_handle handle = {.server = server, .number = numbers[i]};
            if (lifecycle_phase(&server->lifecycle) == LIFECYCLE_CUT)
                return reached;
            if (!lined_handle_is(handle, except) && lined_push(handle, bytes, size) == LINED_OK)
                reached++;
        }
    }
    return reached;
}

size_t lined_pending(lined_handle handle)
{
    struct table_entry *entry = borrow(handle);

    if (entry == NULL)
        return 0;
    size_t pending = outbox_pending_locked(entry->outbox);
    conn_table_return(entry);
    return pending;
}
