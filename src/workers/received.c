#include <lined.h>

static int answer(lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    lined_send(conn, "Received: ", sizeof "Received: " - 1);
    lined_send(conn, line, size);
    return lined_send(conn, "\n", 1);
}

const struct lined_worker lined_worker_received = {.line = answer};
