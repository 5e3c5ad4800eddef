/*
 * Listening sockets, and the errors of accept(2). A listener never blocks: accept(2) returns EAGAIN
 * if no client waits, and the acceptor waits in poll(2).
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "address.h"
#include "endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Room for any name of a listener. */
#define LISTENER_NAME_SIZE 128

struct listener {
    int fd; /* -1: it is closed */
    bool is_unix;
    bool is_inherited;             /* shared with other processes: never shut down */
    uint32_t give_up_ms;           /* see listener_options */
    int backlog;                   /* the same */
    uint16_t port;                 /* in host byte order; 0 for a Unix socket */
    char name[LISTENER_NAME_SIZE]; /* "127.0.0.1:1234", "[::]:1234", "unix:/run/lined.sock" */

    /* The socket file that listener_open has made; path is "" if there is none. */
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    dev_t device;
    ino_t inode;
};

struct listener_options {
    int backlog; /* for listen(2) */

    /* If it is not 0, the kernel gives up a peer that has answered nothing for that time; it asks a
     * silent peer twice, so this takes at least two seconds. TCP only. */
    uint32_t give_up_ms;

    bool reuse_port; /* SO_REUSEPORT: other processes may listen on the same port. TCP only. */
};

/* Opens a listening socket: close-on-exec, non-blocking. TCP: with SO_REUSEADDR, TCP_NODELAY, and
 * SO_OOBINLINE, so that an urgent byte is a byte like any other. On Linux an accepted socket
 * inherits them, which saves system calls for each connection. "*" falls back to 0.0.0.0 if there
 * is no IPv6.
 *
 * Unix: mode and group are set before listen(2), so no client connects before. A socket file that
 * refuses connections is stale, and is replaced.
 *
 * An inherited socket stays as it is but for O_NONBLOCK, which stays set; the options are set on
 * each accepted socket.
 *
 * LINED_OK, or -errno: of the system calls; -EADDRINUSE also if the file of a Unix socket is no
 * socket or is served; -ENOENT if there is no such group or folder; -ENOTSOCK, -EPROTOTYPE,
 * -EISCONN, -EINVAL for an inherited descriptor that is no socket, no stream of TCP or Unix,
 * connected, or not listening; -EOPNOTSUPP for reuse_port with a Unix socket. */
int listener_open(struct listener *listener, const struct endpoint *endpoint,
                  const struct listener_options *options);

/* Removes the socket file that it has made, if it is still the same file and permissions allow it.
 * New clients do not find it; those that wait already can be accepted. */
void listener_remove_file(struct listener *listener);

/* The same; and clients are refused from now on, unless another process has the socket too. */
void listener_shut_down(struct listener *listener);

/* The same, and closes the descriptor. */
void listener_close(struct listener *listener);

/* Accepts one connection, close-on-exec. Returns its descriptor or -errno; -EAGAIN: no client
 * waits. An IPv4 client of an IPv6 socket gets its IPv4 address; the peer of a Unix socket has no
 * address, only the family AF_UNIX. */
int listener_accept(const struct listener *listener, union net_address *peer);

/* What an acceptor does after an error of accept(2). */
enum accept_verdict {
    ACCEPT_RETRY, /* that client is gone: accept the next one */
    ACCEPT_WAIT,  /* no client waits */
    ACCEPT_PAUSE, /* a resource has run out: wait until some of it is free */
    ACCEPT_ENDED, /* the listener was shut down */
    ACCEPT_FATAL, /* no later call can succeed */
};

enum accept_verdict accept_verdict(int error);

/* How many connections wait on the listener to be accepted. For a Unix socket the kernel does not
 * tell: then as many as the backlog allows. */
size_t listener_queued(const struct listener *listener);

#endif
