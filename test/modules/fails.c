/* A handler that cannot start: INIT_RESULT in the environment is the result of its init. */
#include <lined.h>
#include <stdlib.h>

static int init(lined_server *server, const struct lined_options *options, void **context)
{
    const char *result = getenv("INIT_RESULT");

    (void)server;
    (void)options;
    (void)context;
    return result == NULL ? LINED_OK : atoi(result);
}

static int take_line(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)context;
    (void)state;
    return lined_send(conn, line, size);
}

static const struct lined_handler handler = {.line = take_line};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, init, NULL};
