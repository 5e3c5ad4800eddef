/* A handler that learns of the end: its task waits for a condition of its own, until draining makes
 * it return. It says on standard error what it does. */
#include <lined.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_over; /* lock */
static lined_timer timer;

static void never(lined_server *server, void *argument)
{
    (void)server;
    (void)argument;
}

static int init(lined_server *server, const struct lined_options *options, void **context)
{
    (void)options;
    (void)context;
    timer = lined_after(server, 1000000000, never, NULL);
    return LINED_OK;
}

static int wait_for_the_end(void *context, lined_conn *conn, void *state)
{
    (void)context;
    (void)state;
    fputs("waiting\n", stderr);
    pthread_mutex_lock(&lock);
    while (!is_over)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return lined_send(conn, "bye\n", strlen("bye\n"));
}

static void begin_to_drain(void *context, lined_server *server)
{
    (void)context;
    fputs(lined_cancel(server, timer) && lined_server_is_draining(server) ? "draining\n"
                                                                          : "wrong\n",
          stderr);
    pthread_mutex_lock(&lock);
    is_over = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void fini(void *context)
{
    (void)context;
    fputs("fini\n", stderr);
}

static const struct lined_handler handler = {.task = wait_for_the_end, .draining = begin_to_drain};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, init, fini};
