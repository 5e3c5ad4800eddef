#define _GNU_SOURCE /* syscall */
#include "clients.h"

#include "clock.h"
#include "fail.h"
#include "progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct client *clients_new(const struct settings *settings)
{
    struct client *clients = calloc(settings->connections, sizeof *clients);

    if (clients == NULL)
        fail(EXIT_WRONG, "no memory for %u connections", settings->connections);
    return clients;
}

struct client *clients_open(const struct settings *settings, struct side *side)
{
    struct client *clients = clients_new(settings);

    for (uint32_t i = 0; i < settings->connections; i++) {
        client_init(&clients[i], target_connect(&side->target, i), i);
        client_watch(&clients[i], side, CLIENTS_EVENTS, i);
        uint64_t now = clock_ns();
        if (progress_is_due(now))
            progress_show(now, "%u of %u connections", i, settings->connections);
        if (progress_is_interrupted())
            target_failed(&side->target, "connect", EINTR);
    }
    return clients;
}

int clients_wait(const struct side *side, struct epoll_event events[CLIENTS_EVENTS_MOST],
                 uint64_t timeout_ns)
{
    const uint64_t sleep_ns = side->is_awake ? 0 : timeout_ns;
    const struct timespec timeout = {.tv_sec = (time_t)(sleep_ns / NS_PER_S),
                                     .tv_nsec = (long)(sleep_ns % NS_PER_S)};
    /* epoll_pwait2(2), which musl has no function for. */
    int count = (int)syscall(SYS_epoll_pwait2, side->epoll, events, CLIENTS_EVENTS_MOST, &timeout,
                             NULL, (size_t)0);

    if (count >= 0)
        return count;
    if (errno != EINTR)
        fail(EXIT_WRONG, "epoll_pwait2: %s%s", strerror(errno),
             errno == ENOSYS ? "; Linux 5.11 or later is needed" : "");
    return 0;
}

uint64_t clients_timeout(uint64_t now, uint64_t then)
{
    const uint64_t most = (uint64_t)PROGRESS_WAIT_MS * NS_PER_MS;
    uint64_t left = then > now ? then - now : 0;

    return left < most ? left : most;
}

/* True if the connection has ended. */
static bool is_ended(const struct client *client, struct side *side)
{
    ssize_t n = recv(client->fd, side->received, sizeof side->received, MSG_DONTWAIT);

    if (n > 0)
        fail(EXIT_WRONG, "there are more replies than lines: %zd bytes more after the last", n);
    return n == 0 || errno != EAGAIN;
}

void clients_part(struct client *clients, uint32_t count, struct side *side)
{
    struct epoll_event events[CLIENTS_EVENTS_MOST];
    uint64_t now = clock_ns();
    uint64_t deadline = now + (uint64_t)CLIENTS_PARTING_S * NS_PER_S;
    uint32_t open = 0;

    /* A connection may have ended before, and then there is no further event. */
    for (uint32_t i = 0; i < count; i++) {
        shutdown(clients[i].fd, SHUT_WR);
        if (is_ended(&clients[i], side)) {
            close(clients[i].fd);
            clients[i].fd = -1;
        } else {
            open++;
        }
    }
    for (; open > 0 && now < deadline && !progress_is_interrupted(); now = clock_ns()) {
        int ready = clients_wait(side, events, clients_timeout(now, deadline));
        for (int i = 0; i < ready; i++) {
            struct client *client = &clients[events[i].data.u32];
            if (client->fd >= 0 && is_ended(client, side)) {
                close(client->fd);
                client->fd = -1;
                open--;
            }
        }
    }
}
