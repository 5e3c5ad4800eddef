/* A worker that cannot start: START_RESULT in the environment says what its start returns. */
#include <lined.h>
#include <stdlib.h>

static int start(lined_server *server, void **shared)
{
    const char *result = getenv("START_RESULT");

    (void)server;
    (void)shared;
    return result == NULL ? LINED_OK : atoi(result);
}

static int take_line(lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)state;
    return lined_send(conn, line, size);
}

static const struct lined_worker worker = {.start = start, .line = take_line};

LINED_API const struct lined_module lined_module = {LINED_ABI, &worker};
