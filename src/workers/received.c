#include <lined.h>

static int answer(lined_conn *conn, void *state, const char *line, size_t size)
{
    int result = lined_send(conn, "Received: ", sizeof "Received: " - 1);

    (void)state;
    if (result == LINED_OK)
        result = lined_send(conn, line, size);
    if (result == LINED_OK)
        result = lined_send(conn, "\n", 1);
    return result;
}

const struct lined_worker lined_worker_received = {.line = answer};
