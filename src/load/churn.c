#include "churn.h"

#include "clients.h"
#include "clock.h"
#include "fail.h"
#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct churn {
    struct client *clients;
    uint64_t *began_ns; /* when each connection began its exchange */
    uint64_t begun;  /* exchanges; the number also selects the local address and the line of each */
    uint32_t active; /* open connections */
    struct side *side;
    struct figures *figures;
};

/* Connects and sends the line. On loopback the connection is then established, and its events are
 * those of the reply. */
static void begin(struct churn *load, uint32_t index, uint64_t now)
{
    struct client *client = &load->clients[index];
    uint32_t number = (uint32_t)load->begun++;
    uint32_t events = EPOLLIN | EPOLLRDHUP | EPOLLET;

    load->began_ns[index] = now;
    load->active++;
    client_init(client, target_begin(&load->side->target, number), number);
    if (client_send(client, load->side, 1) == 0)
        events |= EPOLLOUT;
    client_watch(client, load->side, events, index);
}

/* The server has ended its side. Returns the current time. */
static uint64_t finish(struct churn *load, uint32_t index)
{
    struct client *client = &load->clients[index];
    uint64_t now;

    if (client->answered == 0)
        fail(EXIT_WRONG, "the server ended a connection before its reply");
    close(client->fd);
    client->fd = -1;
    now = clock_ns();
    histogram_add(&load->figures->latencies, now - load->began_ns[index], 1);
    load->figures->lines++;
    load->active--;
    return now;
}

/* True if the exchange is over. */
static bool advance(struct churn *load, uint32_t index, uint32_t events)
{
    struct client *client = &load->clients[index];

    if (client->sent == 0 && client_send(client, load->side, 1) == 0 &&
        (events & (EPOLLIN | EPOLLRDHUP)) == 0)
        return false;
    /* The client ends its side after it has read the reply, as usual clients do. Waiting for the
     * server's end keeps the number of connections as set, and notices one reply too many. */
    if (client_receive(client, load->side, events) > 0 && !client->is_ended)
        shutdown(client->fd, SHUT_WR);
    return client->is_ended;
}

/* Handles events until the given time, and begins new exchanges; later the open exchanges are
 * finished. Returns the current time. */
static uint64_t turn(struct churn *load, uint64_t now, uint64_t until, bool begin_anew)
{
    struct epoll_event events[CLIENTS_EVENTS_MOST];
    int count = clients_wait(load->side, events, clients_timeout(now, until));

    for (int i = 0; i < count; i++) {
        uint32_t index = events[i].data.u32;
        if (!advance(load, index, events[i].events))
            continue;
        now = finish(load, index);
        if (begin_anew)
            begin(load, index, now);
    }
    if (count == 0)
        now = clock_ns();
    if (progress_is_due(now))
        progress_show(now, "%" PRIu64 " connections opened and closed", load->figures->lines);
    return now;
}

/* Open exchanges at the end are not measured. They are finished, or the server would see resets. */
static void drain(struct churn *load)
{
    uint64_t now = clock_ns();
    uint64_t deadline = now + (uint64_t)CLIENTS_PATIENCE_S * NS_PER_S;

    while (load->active > 0 && !progress_is_interrupted()) {
        now = turn(load, now, deadline, false);
        if (now >= deadline)
            fail(EXIT_WRONG,
                 "%u connections were not answered and closed by the server within %u s",
                 load->active, CLIENTS_PATIENCE_S);
    }
}

void churn_run(const struct settings *settings, struct side *side, struct figures *figures)
{
    static struct figures unmeasured;
    struct churn load = {.clients = clients_new(settings), .side = side, .figures = figures};
    struct usage before = usage_now(settings->pid);
    uint64_t began = clock_ns();
    uint64_t end = began + (uint64_t)settings->duration_ms * NS_PER_MS;
    uint64_t now = began;

    load.began_ns = calloc(settings->connections, sizeof *load.began_ns);
    if (load.began_ns == NULL)
        fail(EXIT_WRONG, "out of memory for %u connections: set fewer --connections",
             settings->connections);
    while (now < end && !progress_is_interrupted()) {
        /* Each start is one exchange; load.active counts them, and each continues in its slot. */
        bool is_starting = load.active < settings->connections;
        if (is_starting)
            begin(&load, load.active, clock_ns());
        now = turn(&load, now, is_starting ? now : end, true);
    }
    figures->used = usage_between(before, usage_now(settings->pid));
    figures->server_kb = usage_resident_kb(settings->pid);
    figures->seconds = (double)(now - began) / 1e9;
    load.figures = &unmeasured;
    drain(&load);
    free(load.began_ns);
    free(load.clients);
}
