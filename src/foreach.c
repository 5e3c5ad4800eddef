/* lined_foreach of lined.h: each connection, described. */
#include "conn/conn.h"
#include "lined.h"
#include "server.h"
#include "table/conn_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: the connection has ended. */
static bool describe(struct conn_table *table, uint64_t number, struct lined_conn_info *info)
{
    struct table_entry *entry = conn_table_borrow(table, number);

    if (entry == NULL)
        return false;
    conn_info_locked(entry, info);
    conn_table_return(entry);
    return true;
}

void lined_foreach(lined_server *server,
                   bool (*function)(void *argument, const struct lined_conn_info *info),
                   void *argument)
{
    uint64_t numbers[CONN_TABLE_STEP];
    uint32_t at = 0;
    bool is_last = false;

    while (!is_last) {
        size_t count = conn_table_list_open(&server->table, &at, numbers, &is_last);
        for (size_t i = 0; i < count; i++) {
            struct lined_conn_info info;
            if (describe(&server->table, numbers[i], &info) && !function(argument, &info))
                return;
        }
    }
}
