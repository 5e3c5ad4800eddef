#include "hold.h"

#include "clients.h"
#include "clock.h"
#include "fail.h"
#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>

/* Maximum number of connections in the first round that are connecting or not answered: less than
 * usual backlogs. */
#define OPENING_MOST 256

/* Number of connections that send between two checks for replies. */
#define ASKED_AT_ONCE 32

struct hold {
    struct client *clients;
    uint64_t *asked_ns; /* when each connection began its round */
    uint32_t connections;
    uint32_t lines;    /* lines on each connection in a round */
    uint32_t asked;    /* in this round */
    uint32_t answered; /* in this round */
    uint64_t round;    /* 1: opening all connections, 2: sending on all again */
    uint64_t heard_ns; /* time of the last reply */
    struct side *side;
    struct histogram *latencies;
};

static void open_one(struct hold *load)
{
    uint32_t index = load->asked++;
    struct client *client = &load->clients[index];

    load->asked_ns[index] = clock_ns();
    client_init(client, target_begin(&load->side->target, index), index);
    client_send(client, load->side, load->lines);
    client_watch(client, load->side, CLIENTS_EVENTS, index);
}

static void ask_one(struct hold *load)
{
    uint32_t index = load->asked++;

    load->asked_ns[index] = clock_ns();
    client_send(&load->clients[index], load->side, (uint64_t)load->lines * 2);
}

static void handle(struct hold *load, uint32_t index, uint32_t events)
{
    struct client *client = &load->clients[index];

    uint64_t asked = load->round * load->lines;

    if (index < load->asked)
        client_send(client, load->side, asked);
    uint64_t replies = client_receive(client, load->side, events);
    if (client->is_ended)
        fail(EXIT_WRONG, "the server ended one of %u connections", load->connections);
    if (replies == 0)
        return;
    load->heard_ns = clock_ns();
    if (client->answered < asked)
        return;
    load->answered++;
    histogram_add(load->latencies, load->heard_ns - load->asked_ns[index], 1);
}

static uint64_t turn(struct hold *load, uint64_t timeout_ns)
{
    struct epoll_event events[CLIENTS_EVENTS_MOST];
    int count = clients_wait(load->side, events, timeout_ns);

    for (int i = 0; i < count; i++)
        handle(load, events[i].data.u32, events[i].events);
    uint64_t now = clock_ns();
    if (progress_is_due(now))
        progress_show(now, "%s: %u of %u connections answered",
                      load->round == 1 ? "opening" : "asking again", load->answered,
                      load->connections);
    return now;
}

/* One round: every connection sends its lines and is answered. Returns the duration in seconds; 0
 * if interrupted. */
static double run_round(struct hold *load, uint32_t under_way_most, void (*ask)(struct hold *load))
{
    uint64_t began = clock_ns();
    uint64_t now = began;

    load->asked = load->answered = 0;
    load->round++;
    load->heard_ns = began;
    while (load->answered < load->connections && !progress_is_interrupted()) {
        for (int i = 0; i < ASKED_AT_ONCE && load->asked < load->connections &&
                        load->asked - load->answered < under_way_most;
             i++)
            ask(load);
        bool has_more =
            load->asked < load->connections && load->asked - load->answered < under_way_most;
        uint64_t deadline = load->heard_ns + (uint64_t)CLIENTS_PATIENCE_S * NS_PER_S;
        now = turn(load, has_more ? 0 : clients_timeout(now, deadline));
        if (now >= load->heard_ns + (uint64_t)CLIENTS_PATIENCE_S * NS_PER_S)
            fail(EXIT_WRONG, "%u of %u connections are not answered, and no reply came for %u s",
                 load->connections - load->answered, load->connections, CLIENTS_PATIENCE_S);
    }
    return progress_is_interrupted() ? 0 : (double)(now - began) / 1e9;
}

/* The silence. Notices connections that the server ends. */
static void wait_out(struct hold *load, uint32_t duration_ms)
{
    uint64_t now = clock_ns();
    uint64_t end = now + (uint64_t)duration_ms * NS_PER_MS;

    while (now < end && !progress_is_interrupted())
        now = turn(load, clients_timeout(now, end));
}

void hold_run(const struct settings *settings, struct side *side, struct figures *figures)
{
    static struct histogram opening;
    struct hold load = {.clients = clients_new(settings),
                        .connections = settings->connections,
                        .lines = settings->outstanding,
                        .side = side,
                        .latencies = &opening};

    load.asked_ns = calloc(settings->connections, sizeof *load.asked_ns);
    if (load.asked_ns == NULL)
        fail(EXIT_WRONG, "out of memory for %u connections: set fewer --connections",
             settings->connections);
    figures->server_kb_before = usage_resident_kb(settings->pid);
    figures->first_seconds = run_round(&load, OPENING_MOST, open_one);
    figures->server_kb = usage_resident_kb(settings->pid);
    if (figures->first_seconds == 0)
        fail(EXIT_WRONG, "interrupted when %u of %u connections were answered", load.answered,
             load.connections);
    wait_out(&load, settings->duration_ms);
    figures->server_kb_rested = usage_resident_kb(settings->pid);
    load.latencies = &figures->latencies;
    struct usage before = usage_now(settings->pid);
    figures->again_seconds = run_round(&load, UINT32_MAX, ask_one);
    figures->used = usage_between(before, usage_now(settings->pid));
    figures->lines = (uint64_t)load.answered * load.lines;
    figures->seconds = figures->again_seconds;
    if (!progress_is_interrupted())
        clients_part(load.clients, load.connections, side);
    free(load.asked_ns);
    free(load.clients);
}
