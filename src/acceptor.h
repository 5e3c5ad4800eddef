/*
 * The acceptor: accepts clients and hands each to a session, for as long as the server runs. In a
 * drain it takes those who were waiting to be accepted when it began, and then ends.
 */
#ifndef ACCEPTOR_H
#define ACCEPTOR_H

#include "lined.h"

#include <pthread.h>

/* Starts its thread. The thread ends when the server drains or stops, and drains the server itself
 * when no later accept can succeed. LINED_OK or -errno. */
int acceptor_start(pthread_t *thread, lined_server *server);

#endif
