#define _GNU_SOURCE /* prctl's constants */
#include "open.h"

#include "clients.h"
#include "clock.h"
#include "fail.h"
#include "non_readers.h"
#include "progress.h"
#include "schedule.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/prctl.h>

/* How long after the end scheduled lines are still sent and replies received. */
#define AFTER_S CLIENTS_PATIENCE_S

struct open {
    struct client *clients;
    struct schedule schedule;
    struct non_readers non_readers;
    uint32_t outstanding;
    uint64_t due;     /* lines scheduled until the last reading of the clock */
    uint64_t planned; /* lines scheduled within the duration */
    uint64_t next_ns; /* scheduled time of the next line */
    uint64_t answered;
    uint64_t heard_ns; /* time of the last reply */
    struct side *side;
    struct figures *figures;
};

/* Sends the scheduled lines of a connection, up to the maximum number in flight. */
static void send_due(struct open *load, uint32_t index)
{
    struct client *client = &load->clients[index];
    uint64_t due = schedule_share(&load->schedule, load->due, index);
    uint64_t most = client->answered + load->outstanding;

    client_send(client, load->side, due < most ? due : most);
}

/* Sends the lines that are scheduled until now, for each connection in one call. */
static void catch_up(struct open *load, uint64_t now)
{
    uint32_t connections = load->schedule.connections;
    uint64_t first = load->due;
    uint64_t due = schedule_due(&load->schedule, now);

    load->due = due < load->planned ? due : load->planned;
    load->next_ns =
        load->due < load->planned ? schedule_due_ns(&load->schedule, load->due) : UINT64_MAX;
    for (uint64_t i = first; i < load->due; i++)
        histogram_add(&load->figures->late, now - schedule_due_ns(&load->schedule, i), 1);
    for (uint64_t i = first; i < load->due && i < first + connections; i++)
        send_due(load, (uint32_t)(i % connections));
}

/* Receives all replies; returns the time afterwards. */
static uint64_t receive(struct open *load, uint32_t index, uint32_t events)
{
    struct client *client = &load->clients[index];
    uint64_t first = client->answered;
    uint64_t lines = client_receive(client, load->side, events);
    uint64_t now = clock_ns();

    if (client->is_ended)
        fail(EXIT_WRONG, "the server ended a connection after %" PRIu64 " replies",
             client->answered);
    if (lines > 0)
        load->heard_ns = now;
    load->answered += lines;
    for (uint64_t n = first; n < first + lines; n++)
        histogram_add(&load->figures->latencies, now - schedule_line_ns(&load->schedule, index, n),
                      1);
    return now;
}

static uint64_t handle(struct open *load, uint32_t index, uint32_t events)
{
    if (index >= load->schedule.connections) {
        non_readers_send(&load->non_readers, index, load->side);
        return clock_ns();
    }
    uint64_t now = receive(load, index, events);
    send_due(load, index);
    return now;
}

/* Waits once, and handles the events. Lines with a scheduled time during this are sent between two
 * events. Returns the current time. */
static uint64_t turn(struct open *load, uint64_t now, uint64_t until)
{
    struct epoll_event events[CLIENTS_EVENTS_MOST];
    uint64_t then = load->next_ns < until ? load->next_ns : until;
    int count = clients_wait(load->side, events, clients_timeout(now, then));

    now = clock_ns();
    for (int i = 0; i < count; i++) {
        if (now >= load->next_ns)
            catch_up(load, now);
        now = handle(load, events[i].data.u32, events[i].events);
    }
    if (now >= load->next_ns)
        catch_up(load, now);
    if (progress_is_due(now))
        progress_show(now, "%.0f s, %" PRIu64 " lines of %" PRIu64,
                      (double)(now - load->schedule.began_ns) / 1e9, load->answered, load->planned);
    return now;
}

/* Lines without a reply count with the time that they have waited. */
static void count_unanswered(struct open *load, uint64_t now)
{
    for (uint32_t i = 0; i < load->schedule.connections; i++) {
        uint64_t share = schedule_share(&load->schedule, load->due, i);
        for (uint64_t n = load->clients[i].answered; n < share; n++)
            histogram_add(&load->figures->latencies, now - schedule_line_ns(&load->schedule, i, n),
                          1);
        load->figures->unanswered += share - load->clients[i].answered;
    }
}

/* Runs until the end, and then until all lines are answered, or for some seconds. */
static void run(struct open *load, const struct settings *settings)
{
    struct figures *figures = load->figures;
    uint64_t now = load->schedule.began_ns;
    uint64_t end = now + (uint64_t)settings->duration_ms * NS_PER_MS;
    uint64_t give_up = end + (uint64_t)AFTER_S * NS_PER_S;
    struct usage before = usage_now(settings->pid);

    while (now < end && !progress_is_interrupted())
        now = turn(load, now, end);
    figures->used = usage_between(before, usage_now(settings->pid));
    figures->server_kb = usage_resident_kb(settings->pid);
    figures->seconds = (double)(now - load->schedule.began_ns) / 1e9;
    figures->lines = load->answered;
    figures->non_readers_ended = load->non_readers.ended;
    while (load->answered < load->due && now < give_up && !progress_is_interrupted())
        now = turn(load, now, give_up);
    if (now >= give_up && load->heard_ns <= end)
        fail(EXIT_WRONG, "%" PRIu64 " lines are not answered, and no reply came for %u s",
             load->due - load->answered, AFTER_S);
    count_unanswered(load, now);
}

void open_run(const struct settings *settings, struct side *side, struct figures *figures)
{
    struct open load = {.outstanding = settings->outstanding, .side = side, .figures = figures};

    load.clients = clients_open(settings, side);
    non_readers_open(&load.non_readers, settings->non_readers, settings->connections, side);
    /* Otherwise Linux may delay timers by 50 us, so that several expire together. */
    prctl(PR_SET_TIMERSLACK, 1);
    load.schedule = (struct schedule){
        .began_ns = clock_ns(), .rate = settings->rate, .connections = settings->connections};
    load.planned = schedule_due(&load.schedule, load.schedule.began_ns - 1 +
                                                    (uint64_t)settings->duration_ms * NS_PER_MS);
    load.next_ns = load.schedule.began_ns;
    run(&load, settings);
    non_readers_close(&load.non_readers);
    if (figures->unanswered == 0 && !progress_is_interrupted())
        clients_part(load.clients, settings->connections, side);
    free(load.clients);
}
