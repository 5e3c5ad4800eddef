/* A module for lined --handler: it passes each line on to all other clients. An empty line is
 * answered with an empty line, and the line "end" ends the connections of all others. */
#include <lined.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* For lined_foreach; own is the handle of the connection that stays. */
static bool end_other(void *own, const struct lined_conn_info *info)
{
    if (!lined_handle_is(info->handle, *(const lined_handle *)own))
        lined_end(info->handle, "bye\n", 4);
    return true;
}

static int pass_on(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    lined_handle own = lined_conn_handle(conn);

    (void)context;
    (void)state;
    if (size == 1)
        return lined_send(conn, line, size);
    if (size == 4 && memcmp(line, "end\n", 4) == 0)
        lined_foreach(lined_conn_server(conn), end_other, &own);
    else
        lined_broadcast(lined_conn_server(conn), line, size, own);
    return LINED_OK;
}

static const struct lined_handler handler = {.line = pass_on};

LINED_API const struct lined_module lined_module = {.abi = LINED_ABI, .handler = &handler};
