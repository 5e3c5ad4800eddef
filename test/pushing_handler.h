/*
 * A server that pushes what its clients tell it to push, and a count of the library's sends. A test
 * that uses it wraps send, malloc and realloc (CMakeLists.txt).
 */
#ifndef PUSHING_HANDLER_H
#define PUSHING_HANDLER_H

#include <lined.h>

#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>

#define SENDS_MAX       2000
#define LONG_REPLY_SIZE 70000

#define PARKS "park\n" /* its callback waits for the test, and then ends */

extern const struct lined_handler obedient;

extern atomic_int sends; /* by the library */
extern atomic_size_t send_sizes[SENDS_MAX];

extern lined_handle listeners[512]; /* in the order of dial_listener */
extern atomic_int listener_count;
extern sem_t is_parked, go_on;
extern char chunk[16 * 1024]; /* what "many" and "forty" push */
extern const char long_reply[LONG_REPLY_SIZE];

lined_server *start_pushing(int mode);

/* A client that others push to; and a client becomes one, and is returned. */
int dial_listener(lined_server *server);
int become_listener(int client);

/* Waits until a callback waits for go_on. */
void await_parked(void);

/* Pushes the line to the first listener as "<line>\n", in four parts. */
int push_parts(const char *line, size_t size);

#endif
