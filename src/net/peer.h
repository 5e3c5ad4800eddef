/*
 * What the kernel knows about the peer of a connection.
 */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>

/* The state of a connection, as TCP sees it. */
enum peer_state {
    PEER_OPEN,        /* the client may send more */
    PEER_HALF_CLOSED, /* the client has sent FIN: nothing follows the bytes received so far */
    PEER_DEAD,        /* reset, or given up: nothing will be received, sent or acknowledged */
};

enum peer_state peer_state(int fd);

/* How many bytes the peer has not acknowledged and still can acknowledge. */
size_t peer_unacknowledged(int fd);

/* How many bytes the kernel has not sent yet, not even once. TCP only. */
size_t peer_unsent(int fd);

/* Whether the kernel has given up the peer. */
enum peer_loss {
    PEER_NOT_LOST,
    PEER_LOST,                /* all sent bytes were acknowledged */
    PEER_LOST_UNACKNOWLEDGED, /* the peer did not acknowledge all of them */
};

/* What an errno of send(2) or recv(2) on fd means. */
enum peer_loss peer_loss(int fd, int error);

/* If the kernel is short of memory for sockets (tcp_mem, tcp(7)), poll(2) and epoll(7) report a
 * socket as writable, and send(2) takes nothing. Then the send is tried again after this time. */
#define SEND_RETRY_MS 10

/* How many received bytes can be read from fd without waiting. */
size_t peer_readable(int fd);

#endif
