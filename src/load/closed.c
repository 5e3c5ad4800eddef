#include "closed.h"

#include "clients.h"
#include "clock.h"
#include "fail.h"
#include "non_readers.h"
#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>

#define STARTED_AT_ONCE 32

/* The lines of one send, and the time of the send. */
struct batch {
    uint64_t sent_ns;
    uint32_t lines;
};

/* The batches of a connection that are not answered: a ring with room for the maximum number of
 * lines in flight. */
struct queue {
    struct batch *ring;
    uint32_t first, count;
};

struct closed {
    struct client *clients;
    struct queue *queues;
    struct batch *batches; /* the memory of the rings */
    struct non_readers non_readers;
    uint32_t connections, outstanding;
    struct side *side;
    struct figures *figures;
};

static void open_all(struct closed *load, const struct settings *settings)
{
    load->clients = clients_open(settings, load->side);
    load->queues = calloc(load->connections, sizeof *load->queues);
    load->batches = calloc((size_t)load->connections * load->outstanding, sizeof *load->batches);
    if (load->queues == NULL || load->batches == NULL)
        fail(EXIT_WRONG, "out of memory: set fewer --connections or a smaller --outstanding");
    for (uint32_t i = 0; i < load->connections; i++)
        load->queues[i].ring = load->batches + (size_t)i * load->outstanding;
    non_readers_open(&load->non_readers, settings->non_readers, load->connections, load->side);
}

static void send_until(struct closed *load, uint32_t index, uint64_t limit, uint64_t now)
{
    struct queue *queue = &load->queues[index];
    uint64_t lines = client_send(&load->clients[index], load->side, limit);

    if (lines == 0)
        return;
    uint32_t last = queue->first + queue->count++;
    queue->ring[last < load->outstanding ? last : last - load->outstanding] =
        (struct batch){.sent_ns = now, .lines = (uint32_t)lines};
}

/* Receives, and returns the time afterwards. The clock is read once for the received replies and
 * the next send, so the send counts in the latency of its lines. */
static uint64_t receive(struct closed *load, uint32_t index, uint32_t events)
{
    struct queue *queue = &load->queues[index];
    uint64_t lines = client_receive(&load->clients[index], load->side, events);
    uint64_t now = clock_ns();

    if (load->clients[index].is_ended)
        fail(EXIT_WRONG, "the server ended a connection after %" PRIu64 " replies",
             load->clients[index].answered);
    load->figures->lines += lines;
    while (lines > 0) {
        struct batch *batch = &queue->ring[queue->first];
        uint32_t taken = lines < batch->lines ? (uint32_t)lines : batch->lines;
        histogram_add(&load->figures->latencies, now - batch->sent_ns, taken);
        lines -= taken;
        batch->lines -= taken;
        if (batch->lines == 0) {
            queue->first = queue->first + 1 < load->outstanding ? queue->first + 1 : 0;
            queue->count--;
        }
    }
    return now;
}

static uint64_t handle(struct closed *load, uint32_t index, uint32_t events)
{
    if (index >= load->connections) {
        non_readers_send(&load->non_readers, index, load->side);
        return clock_ns();
    }
    uint64_t now = receive(load, index, events);
    send_until(load, index, load->clients[index].answered + load->outstanding, now);
    return now;
}

/* Runs for the duration; returns when it ended. */
static uint64_t run(struct closed *load, uint64_t began, uint64_t end)
{
    struct epoll_event events[CLIENTS_EVENTS_MOST];
    uint64_t now = began;
    uint32_t started = 0;

    while (now < end && !progress_is_interrupted()) {
        /* A few connections at a time, or replies to the first would wait until the last has sent.
         */
        for (int i = 0; i < STARTED_AT_ONCE && started < load->connections; i++)
            send_until(load, started++, load->outstanding, clock_ns());
        uint64_t timeout = started < load->connections ? 0 : clients_timeout(now, end);
        int count = clients_wait(load->side, events, timeout);
        if (count == 0)
            now = clock_ns();
        for (int i = 0; i < count; i++)
            now = handle(load, events[i].data.u32, events[i].events);
        if (progress_is_due(now))
            progress_show(now, "%.0f of %.0f s, %" PRIu64 " lines", (double)(now - began) / 1e9,
                          (double)(end - began) / 1e9, load->figures->lines);
    }
    return now;
}

static uint64_t under_way(const struct closed *load)
{
    uint64_t lines = 0;

    for (uint32_t i = 0; i < load->connections; i++)
        lines +=
            load->clients[i].sent + (load->clients[i].line_offset > 0) - load->clients[i].answered;
    return lines;
}

/* Receives the replies that are left; they are checked, but not measured. */
static void drain(struct closed *load)
{
    struct epoll_event events[CLIENTS_EVENTS_MOST];
    uint64_t now = clock_ns();
    uint64_t heard = now;

    while (under_way(load) > 0 && !progress_is_interrupted()) {
        uint64_t deadline = heard + (uint64_t)CLIENTS_PATIENCE_S * NS_PER_S;
        if (now >= deadline)
            fail(EXIT_WRONG, "%" PRIu64 " lines are not answered, and no reply came for %u s",
                 under_way(load), CLIENTS_PATIENCE_S);
        int count = clients_wait(load->side, events, clients_timeout(now, deadline));
        now = clock_ns();
        for (int i = 0; i < count; i++) {
            uint32_t index = events[i].data.u32;
            const struct client *client = &load->clients[index];
            heard = receive(load, index, events[i].events);
            send_until(load, index, client->sent + (client->line_offset > 0), heard);
        }
    }
}

void closed_run(const struct settings *settings, struct side *side, struct figures *figures)
{
    static struct figures unmeasured; /* replies after the end */
    struct closed load = {.connections = settings->connections,
                          .outstanding = settings->outstanding,
                          .side = side,
                          .figures = figures};

    open_all(&load, settings);
    struct usage before = usage_now(settings->pid);
    uint64_t began = clock_ns();
    uint64_t ended = run(&load, began, began + (uint64_t)settings->duration_ms * NS_PER_MS);
    figures->used = usage_between(before, usage_now(settings->pid));
    figures->server_kb = usage_resident_kb(settings->pid);
    figures->seconds = (double)(ended - began) / 1e9;
    figures->non_readers_ended = load.non_readers.ended;
    load.figures = &unmeasured;
    non_readers_close(&load.non_readers);
    drain(&load);
    if (!progress_is_interrupted())
        clients_part(load.clients, load.connections, side);
    free(load.batches);
    free(load.queues);
    free(load.clients);
}
