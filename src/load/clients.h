/*
 * All connections of a load: opens them, waits for events, ends them.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "client.h"
#include "settings.h"

#include <stdint.h>
#include <sys/epoll.h>

#define CLIENTS_EVENTS_MOST 256

/* Edge-triggered: an event comes only when something has changed. The function that handles it must
 * read all bytes. */
#define CLIENTS_EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

/* How long a server may be silent after the last line was sent. */
#define CLIENTS_PATIENCE_S 5

/* How long a server may take to end a connection after its client has ended its side. */
#define CLIENTS_PARTING_S 1

/* Allocates the connections of the settings, not connected yet. The caller frees them. */
struct client *clients_new(const struct settings *settings);

/* The same, established and in the epoll set with CLIENTS_EVENTS. */
struct client *clients_open(const struct settings *settings, struct side *side);

/* Waits for events, with the precision of the kernel's timer. Returns their number; 0 also after a
 * signal, or if the side polls and there are none now. */
int clients_wait(const struct side *side, struct epoll_event events[CLIENTS_EVENTS_MOST],
                 uint64_t timeout_ns);

/* The maximum wait from now until until_ns, so that progress is shown in time. */
uint64_t clients_timeout(uint64_t now, uint64_t then);

/* After the last reply: half-closes every connection and expects only its end, so that one reply
 * too many is noticed. Connections that do not end in time stay open. */
void clients_part(struct client *clients, uint32_t count, struct side *side);

#endif
