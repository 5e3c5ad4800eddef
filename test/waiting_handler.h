/*
 * A server for tests with a handler that waits in its callback until the test lets it go on.
 */
#ifndef WAITING_HANDLER_H
#define WAITING_HANDLER_H

#include <lined.h>
#include <semaphore.h>

extern sem_t arrived; /* posted by the callback at the line "wait" */
extern sem_t go_on;   /* the callback waits for it */

/* Starts a server, with the options of embed.h, that sends each line back, "wait" too. */
lined_server *start_waiting_handler(void);

#endif
