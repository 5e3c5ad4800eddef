/* A module for lined --handler: it passes each line on to all other clients. An empty line is
 * answered with an empty line. */
#include <lined.h>

#include <stddef.h>

static int pass_on(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)context;
    (void)state;
    if (size == 1)
        return lined_send(conn, line, size);
    lined_broadcast(lined_conn_server(conn), line, size, lined_conn_handle(conn));
    return LINED_OK;
}

static const struct lined_handler handler = {.line = pass_on};

LINED_API const struct lined_module lined_module = {.abi = LINED_ABI, .handler = &handler};
