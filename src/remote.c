/* Ending and waking a connection from another thread: lined_end and lined_wake of lined.h. */
#include "conn/conn.h"
#include "conn/outbox.h"
#include "lined.h"
#include "server.h"
#include "table/conn_table.h"

#include <errno.h>

int lined_end(lined_handle handle, const void *farewell, size_t size)
{
    if (handle.server == NULL)
        return LINED_GONE;
    if (size > handle.server->options.push_limit)
        return -EMSGSIZE;
    struct table_entry *entry = conn_table_borrow(&handle.server->table, handle.number);
    if (entry == NULL)
        return LINED_GONE;
    int result = outbox_end_locked(entry->outbox, farewell, size);
    conn_table_return(entry);
    return result;
}

int lined_wake(lined_handle handle)
{
    if (handle.server == NULL)
        return LINED_GONE;
    if (!handle.server->service.handler->wakeable)
        return -EOPNOTSUPP;
    struct table_entry *entry = conn_table_borrow(&handle.server->table, handle.number);
    if (entry == NULL)
        return LINED_GONE;
    conn_wake_locked(entry);
    conn_table_return(entry);
    return LINED_OK;
}
