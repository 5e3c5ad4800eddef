/*
 * All connections of a load together: opened, waited for, ended.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "client.h"
#include "settings.h"

#include <stdint.h>
#include <sys/epoll.h>

#define CLIENTS_EVENTS_MOST 256

/* Edges: an event comes when something has changed, not as long as it is so. Whoever handles one
 * reads all there is. */
#define CLIENTS_EVENTS (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

/* How long a server may be silent, when lines have been sent and no more will be. */
#define CLIENTS_PATIENCE_S 5

/* How long servers have to end connections whose clients have ended. */
#define CLIENTS_PARTING_S 1

/* The settings' connections, not connected yet. The caller frees them. */
struct client *clients_new(const struct settings *settings);

/* The same, established and watched for CLIENTS_EVENTS. */
struct client *clients_open(const struct settings *settings, struct side *side);

/* Waits for events, with the precision of the kernel's timer; returns how many came, 0 also where a
 * signal came, or where the side is awake and there are none now. */
int clients_wait(const struct side *side, struct epoll_event events[CLIENTS_EVENTS_MOST],
                 uint64_t timeout_ns);

/* How long to wait at most when it is now until then, so that progress is shown in time. */
uint64_t clients_timeout(uint64_t now, uint64_t then);

/* When all is answered: half-closes every connection and expects nothing but its end, so that a
 * reply too many is noticed. Servers that do not end in time are left alone. */
void clients_part(struct client *clients, uint32_t count, struct side *side);

#endif
