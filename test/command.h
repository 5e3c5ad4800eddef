/*
 * The lined command as its users meet it, for the modules test_command_*.c.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "process.h"
#include "suite.h"

#include <stdbool.h>

/* A user that has no other process than what a test starts. */
#define OWN_USER 64321

extern struct process server;
extern char text[65536]; /* what the server has said last */

/* Starts it without further arguments. */
void serve(void);

/* A client that says a line, is answered, and goes. */
void answer_one(const char *line);

void expect_log_line(const char *expected);

/* Signals it and expects this exit status, and that standard error ends with the summary. */
void end_by(int signal, int status);

/* Sends a second signal, and more of them until the server says something: a signal that comes at
 * once counts as the first. */
void cut_by(int signal);

/* A client that does not read: its thread in the server is blocked in a send. The send timeout must
 * be off. */
int get_stuck(void);

/* suite_run. The tests may run under nohup(1), or in the background: signals have their defaults.
 */
int command_run(const char *name, const TTest *const tests[], size_t count);

#endif
