/*
 * How often accept(2) failed, by errno. Locks for itself.
 */
#ifndef ACCEPT_ERRORS_H
#define ACCEPT_ERRORS_H

#include "lined.h"

#include <pthread.h>

struct accept_errors {
    pthread_mutex_t lock;
    struct lined_accept_error counts[LINED_ACCEPT_ERRORS_MAX]; /* lock */
};

void accept_errors_init(struct accept_errors *errors);
void accept_errors_deinit(struct accept_errors *errors);

void accept_errors_add(struct accept_errors *errors, int error);

/* Adds the counts to those in accept_errors. */
void accept_errors_stats(struct accept_errors *errors, struct lined_stats *stats);

#endif
