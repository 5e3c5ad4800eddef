/* A handler that is wakeable: the line "wait" waits to be woken, the line "wake" of another client
 * wakes the one that waits. */
#include <lined.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct waiting {
    pthread_mutex_t lock;
    lined_handle handle; /* lock; the client that waits */
};

static void set(struct waiting *waiting, lined_handle handle)
{
    pthread_mutex_lock(&waiting->lock);
    waiting->handle = handle;
    pthread_mutex_unlock(&waiting->lock);
}

static lined_handle get(struct waiting *waiting)
{
    pthread_mutex_lock(&waiting->lock);
    lined_handle handle = waiting->handle;
    pthread_mutex_unlock(&waiting->lock);
    return handle;
}

static int handle_line(struct waiting *waiting, lined_conn *conn, const char *text)
{
    if (strcmp(text, "wait") == 0) {
        set(waiting, lined_conn_handle(conn));
        int result = lined_puts(conn, "waiting\n");
        if (result == LINED_OK)
            result = lined_wait(conn);
        return result == LINED_WOKEN ? lined_puts(conn, "woken\n") : result;
    }
    return lined_printf(conn, "%d\n", lined_wake(get(waiting)));
}

static int serve(void *context, lined_conn *conn, void *state)
{
    char *text;
    size_t length;
    int result;

    (void)state;
    do {
        result = lined_recv_text(conn, &text, &length);
        if (result == LINED_OK)
            result = handle_line(context, conn, text);
    } while (result == LINED_OK);
    return result;
}

static int init(lined_server *server, const struct lined_options *options, void **context)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);

    (void)server;
    (void)options;
    if (waiting == NULL)
        return -1;
    pthread_mutex_init(&waiting->lock, NULL);
    *context = waiting;
    return LINED_OK;
}

static const struct lined_handler handler = {.task = serve, .wakeable = true};

LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, init, free};
