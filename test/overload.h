/*
 * A server in the test itself that has more clients than room: what its observer is told, how many
 * clients it serves at a time, and clients for it.
 */
#ifndef OVERLOAD_H
#define OVERLOAD_H

#include <lined.h>
#include <stdatomic.h>

/* Service is back within this time after its cause has ended. A sanitizer on a busy machine is
 * slow. */
#ifdef IS_SANITIZED
#define BACK_WITHIN_US 1000000
#else
#define BACK_WITHIN_US 100000
#endif

/* Each pause of the acceptor that the observer was told, and the last of them. */
extern _Atomic unsigned pauses;
extern _Atomic int last_pause; /* an enum lined_accept_pause */
extern _Atomic int last_error;

/* The most connections that counting served at a time. */
extern _Atomic int peak;

/* Answers as lined_handler_received does, and counts. */
extern const struct lined_handler counting;

/* prepare(LINED_PASSIVE), with an observer that also notes pauses. */
void prepare_overload(void);

/* A server with a limit of two, and the two clients. */
lined_server *start_full(int clients[2], enum lined_overflow overflow);

/* Says a line, and expects the reply. */
void talk(int client);

/* A client that connects again at once when it has seen the end of its connection, 500 times.
 * Expects that it is served each time. */
void come_again_and_again(lined_server *server);

/* Expects this text and the end of file, and closes. */
void expect_reject(int client, const char *text);

/* Sends until the server has closed the connection: it answers with a reset. */
void await_reset(int client);

#endif
