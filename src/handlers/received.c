#include <lined.h>

static int answer(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    static const char prefix[] = "Received: ";
    int result = lined_send(conn, prefix, sizeof prefix - 1);

    (void)context;
    (void)state;
    if (result == LINED_OK)
        result = lined_send(conn, line, size);
    if (result == LINED_OK)
        result = lined_send(conn, "\n", 1);
    return result;
}

const struct lined_handler lined_handler_received = {.line = answer};
