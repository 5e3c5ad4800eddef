/*
 * Addresses, listening sockets, and what accept(2) said. Knows descriptors only.
 */
#ifndef NET_H
#define NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 or IPv6 address with its port; sockaddr_storage would be 100 bytes more a connection. */
union net_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Reads an IPv4 or IPv6 literal (a scope such as %eth0 may follow). False if it is neither. */
bool net_parse(const char *ip, uint16_t port, union net_address *address);

/* What net_format needs at most, with its NUL: [ADDRESS%INTERFACE]:PORT. */
#define NET_TEXT_SIZE 72

/* "127.0.0.1:1234" or "[::1]:1234". */
void net_format(const union net_address *address, char text[NET_TEXT_SIZE]);

/* A listening socket, close-on-exec, with SO_REUSEADDR, TCP_NODELAY, and SO_OOBINLINE, so that an
 * urgent byte is a byte like any other. Where give_up_ms is not 0 the kernel gives a peer up that
 * has answered nothing for so long, asked twice where nothing was sent to it, so in two seconds at
 * the soonest. An accepted socket inherits all but the first on Linux, which saves calls for each
 * connection. -errno on failure. */
int net_listen(const union net_address *address, int backlog, uint32_t give_up_ms);

/* The port a socket is bound to, in host order. */
uint16_t net_port(int fd);

/* Accepts one connection, close-on-exec. Returns its descriptor or -errno. */
int net_accept(int listener, union net_address *peer);

/* What an acceptor does about an errno of accept(2). */
enum net_verdict {
    NET_RETRY, /* that client is gone; take the next */
    NET_PACE,  /* a resource has run out: wait until one comes free */
    NET_ENDED, /* the listener was shut down */
    NET_FATAL, /* no later call can succeed */
};

enum net_verdict net_accept_verdict(int error);

/* How far a connection has come, as TCP sees it. */
enum net_state {
    NET_OPEN,          /* the client may send more */
    NET_ENDED_BY_PEER, /* the client has ended its side: nothing follows what is received by now */
    NET_DEAD, /* it was reset, or given up: nothing will be received, sent or acknowledged */
};

enum net_state net_connection_state(int fd);

/* How many connections wait on a listener to be accepted. */
size_t net_queued(int listener);

/* Accepting from now on returns EAGAIN where it would have waited. A wait under way goes on. */
void net_stop_waiting(int listener);

/* How many bytes sent on fd the other side can still acknowledge, and has not. */
size_t net_unacknowledged(int fd);

/* Whether the kernel has given the peer up. */
enum net_loss {
    NET_NOT_LOST,
    NET_LOST,                /* nothing was on its way to it */
    NET_LOST_UNACKNOWLEDGED, /* it took nothing of what was */
};

/* What an errno of send(2) or recv(2) on fd says. */
enum net_loss net_loss(int fd, int error);

/* How long to wait before a send is tried again that the kernel refused although poll(2) or
 * epoll(7) said that the socket is writable: it is short of memory. */
#define NET_REFUSED_PAUSE_MS 10

/* How many received bytes can be read from fd without waiting. */
size_t net_readable(int fd);

#endif
