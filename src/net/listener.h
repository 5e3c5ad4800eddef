/*
 * Listening sockets, and the errors of accept(2).
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "address.h"

#include <stddef.h>
#include <stdint.h>

/* Opens a listening socket: close-on-exec, with SO_REUSEADDR, TCP_NODELAY, and SO_OOBINLINE, so
 * that an urgent byte is a byte like any other. If give_up_ms is not 0, the kernel gives up a peer
 * that has answered nothing for that time; it asks a silent peer twice, so this takes at least two
 * seconds. On Linux an accepted socket inherits all options but close-on-exec, which saves system
 * calls for each connection. Returns the descriptor or -errno. */
int listener_open(const union net_address *address, int backlog, uint32_t give_up_ms);

/* The port of a bound socket, in host byte order. */
uint16_t listener_port(int listener);

/* Accepts one connection, close-on-exec. Returns its descriptor or -errno. */
int listener_accept(int listener, union net_address *peer);

/* What an acceptor does after an error of accept(2). */
enum accept_verdict {
    ACCEPT_RETRY, /* that client is gone: accept the next one */
    ACCEPT_PAUSE, /* a resource has run out: wait until some of it is free */
    ACCEPT_ENDED, /* the listener was shut down */
    ACCEPT_FATAL, /* no later call can succeed */
};

enum accept_verdict accept_verdict(int error);

/* How many connections wait on the listener to be accepted. */
size_t listener_queued(int listener);

/* From now on accept(2) returns EAGAIN instead of waiting. A call that waits already goes on. */
void listener_set_nonblocking(int listener);

#endif
