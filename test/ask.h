/*
 * Asks a lined for its statistics, for tests.
 */
#ifndef ASK_H
#define ASK_H

#include "process.h"

#include <jansson.h>

/* Room for all that a lined says on standard error in a test. */
#define ASK_TEXT_SIZE 65536

/* With SIGUSR1; the next line on standard error must be the answer. To be freed by json_decref. */
json_t *ask(struct process *process);

/* Stops it with SIGTERM and expects this exit status. Returns the statistics of the summary; said
 * is all that it said before them. To be freed by json_decref. */
json_t *ask_at_the_end(struct process *process, int status, char said[ASK_TEXT_SIZE]);

/* The figure of that name, which must be there. */
json_int_t figure(const json_t *json, const char *name);

#endif
