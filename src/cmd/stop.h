/*
 * SIGTERM and SIGINT end a server: the first drains it, the second cuts it. A thread of its own
 * takes them with sigwait(3), so nothing runs in a signal handler.
 */
#ifndef STOP_H
#define STOP_H

#include <lined.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct stop {
    lined_server *server;
    pthread_t thread;
    atomic_bool over; /* stop_deinit wants the thread to end */
};

/* Blocks the signals in this thread and all that it makes: call it before any thread is made. */
void stop_block_signals(void);

/* From here on the signals act on server. 0 or -errno. */
int stop_init(struct stop *stop, lined_server *server);

/* From here on they do not; server may be freed. */
void stop_deinit(struct stop *stop);

#endif
