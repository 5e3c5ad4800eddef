/* A handler with a callback that ends its thread: the line "exit" does it by pthread_exit(3), the
 * line "cancel" by having it cancelled. */
#include <lined.h>
#include <pthread.h>
#include <string.h>

static int take_line(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)conn;
    (void)context;
    (void)state;
    if (size == 5 && memcmp(line, "exit\n", 5) == 0)
        pthread_exit(NULL);
    pthread_cancel(pthread_self());
    pthread_testcancel();
    return LINED_OK;
}

static const struct lined_handler handler = {.line = take_line};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, NULL, NULL};
