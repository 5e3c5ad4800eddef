/* Sending to connections from outside: lined_push and lined_broadcast of lined.h. */
#include "conn/flusher.h"
#include "conn/outbox.h"
#include "lined.h"
#include "server.h"
#include "table/conn_table.h"
#include "table/lifecycle.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int lined_push(lined_handle handle, const void *bytes, size_t size)
{
    if (handle.server == NULL)
        return LINED_GONE;
    struct table_entry *entry = conn_table_borrow(&handle.server->table, handle.number);
    if (entry == NULL)
        return LINED_GONE;
    int result = outbox_push_locked(entry->outbox, bytes, size);
    flusher_watch_locked(&handle.server->flusher, entry);
    conn_table_return(entry);
    return result;
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
