/* A handler with a draining that never returns: it says so on standard error, and waits for a
 * condition of its own, which nothing can interrupt. */
#include <lined.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static int take_line(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    (void)context;
    (void)state;
    return lined_send(conn, line, size);
}

static void begin_to_drain(void *context, lined_server *server)
{
    (void)context;
    (void)server;
    fputs("stuck\n", stderr);
    pthread_mutex_lock(&lock);
    while (pthread_cond_wait(&never, &lock) == 0)
        continue;
}

static const struct lined_handler handler = {.line = take_line, .draining = begin_to_drain};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, NULL, NULL};
