/*
 * The connection of an embedded server that has begun last, for tests that reach it from another
 * thread.
 */
#ifndef LAST_CONN_H
#define LAST_CONN_H

#include <lined.h>

/* For the callback open. */
int last_conn_remember(void *context, lined_conn *conn, void **state);

/* {NULL, 0} if none has begun since last_conn_forget. */
lined_handle last_conn(void);
void last_conn_forget(void);

#endif
