/*
 * The library's threads. They take no signals: those are for whoever embeds the library. A new
 * thread inherits the mask of the one that makes it, so what these threads make is masked as well.
 */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>

/* A joinable thread that blocks every signal. LINED_OK or -errno. */
int thread_start(pthread_t *thread, void *(*main)(void *argument), void *argument);

/* Runs the rest of a thread that calls callbacks of a worker or an observer; returns its result. A
 * callback that ends the thread, by pthread_exit(3) or by having it cancelled, would leave a
 * connection that never ends, and a server that cannot be freed. So the process is aborted, with a
 * message. */
void *thread_run_callbacks(void *(*rest)(void *argument), void *argument);

#endif
