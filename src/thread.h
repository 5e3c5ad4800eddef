/*
 * The library's threads. They take no signals: those are for whoever embeds the library. A new
 * thread inherits the mask of the one that makes it, so what these threads make is masked as well.
 */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>

/* A joinable thread that blocks every signal. LINED_OK or -errno. */
int thread_start(pthread_t *thread, void *(*main)(void *argument), void *argument);

#endif
