#include "last_conn.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static lined_handle last; /* lock */

static void set(lined_handle handle)
{
    pthread_mutex_lock(&lock);
    last = handle;
    pthread_mutex_unlock(&lock);
}

int last_conn_remember(void *context, lined_conn *conn, void **state)
{
    (void)context;
    (void)state;
    set(lined_conn_handle(conn));
    return LINED_OK;
}

lined_handle last_conn(void)
{
    pthread_mutex_lock(&lock);
    lined_handle handle = last;
    pthread_mutex_unlock(&lock);
    return handle;
}

void last_conn_forget(void)
{
    set((lined_handle){NULL, 0});
}
