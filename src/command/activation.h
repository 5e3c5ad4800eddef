/*
 * Sockets that the process has inherited from a service manager, as sd_listen_fds(3) describes:
 * LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES. Pure: opens nothing.
 */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include <stdbool.h>
#include <sys/types.h>

/* The first inherited descriptor. */
#define ACTIVATION_FIRST_FD 3

#define ACTIVATION_MAX 64

struct activation {
    int count; /* of descriptors; 0: there are none for this process */
    int admin; /* the descriptor of the name "admin"; -1: there is none. It is one of count */
};

/* Reads the variables by get, as getenv(3) does. self: the number of this process; other numbers in
 * LISTEN_PID mean that the sockets are not for it. False: *why names the variable and says what it
 * must be. */
bool activation_read(struct activation *activation, char *(*get)(const char *name), pid_t self,
                     const char **why);

#endif
