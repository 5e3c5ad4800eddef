#include "server.h"

#include "acceptor.h"
#include "invariant.h"
#include "net.h"
#include "owner.h"
#include "session.h"
#include "thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lined_options_init(struct lined_options *options)
{
    *options = (struct lined_options){
        .ip = "127.0.0.1",
        .port = 1234,
        .backlog = 4096,
        .max_line = 1460,
        .long_line = LINED_LONG_SPLIT,
        .partial = LINED_PARTIAL_DROP,
        .send_timeout_ms = 30 * 1000,
        .idle_timeout_ms = 0,
        .line_timeout_ms = 0,
        .session_timeout_ms = 0,
        .drain_timeout_ms = 5 * 1000,
        .mode = LINED_PASSIVE,
        .push_limit = 1024 * 1024,
        .busy_poll_us = 50,
        .overflow = LINED_OVERFLOW_WAIT,
    };
}

/* Times are added to the clock's, and handed to poll(2), which takes an int. */
static bool times_are_valid(const struct lined_options *options)
{
    return options->send_timeout_ms <= INT32_MAX && options->idle_timeout_ms <= INT32_MAX &&
           options->line_timeout_ms <= INT32_MAX && options->session_timeout_ms <= INT32_MAX &&
           options->drain_timeout_ms <= INT32_MAX;
}

static bool options_are_valid(const struct lined_options *options)
{
    return options->ip != NULL && options->backlog >= 1 &&
           options->max_line >= LINED_MAX_LINE_LEAST && options->max_line <= LINED_MAX_LINE_MOST &&
           options->long_line <= LINED_LONG_CLOSE && options->partial <= LINED_PARTIAL_DELIVER &&
           options->mode <= LINED_ACTIVE && options->push_limit >= 1 &&
           options->busy_poll_us <= LINED_BUSY_POLL_MOST &&
           options->overflow <= LINED_OVERFLOW_REFUSE && times_are_valid(options);
}

static bool is_short(const char *text)
{
    return text == NULL || strnlen(text, LINED_REJECT_MAX + 1) <= LINED_REJECT_MAX;
}

static bool worker_is_valid(const struct lined_worker *worker, enum lined_mode mode)
{
    return worker != NULL && (worker->line != NULL) != (worker->task != NULL) &&
           (worker->task == NULL || mode == LINED_PASSIVE) && is_short(worker->reject_busy) &&
           is_short(worker->reject_per_ip);
}

/* The parts of a server, in the order in which they are made. Undoing goes the other way. */
enum part {
    PART_LISTENER,
    PART_WORKER, /* before any thread: there its start may give up privileges, for all of them */
    PART_COURIER,
    PART_OWNER,
    PART_ACCEPTOR,
    PARTS
};

/* On the courier's thread, which runs no callback that could hold it up. */
static void drain_is_over(void *server)
{
    lined_server_stop(server);
}

static int make_part(lined_server *server, enum part part, const union net_address *address)
{
    switch (part) {
    case PART_LISTENER:
        server->listener =
            net_listen(address, server->options.backlog, server->options.send_timeout_ms);
        return server->listener < 0 ? server->listener : LINED_OK;
    case PART_WORKER:
        return server->worker->start == NULL ? LINED_OK
                                             : server->worker->start(server, &server->shared);
    case PART_COURIER:
        return courier_init(&server->courier, &server->registry, drain_is_over, server);
    case PART_OWNER:
        return server->options.mode == LINED_PASSIVE
                   ? LINED_OK
                   : owner_start(&server->owner, &server->mailbox);
    case PART_ACCEPTOR:
        return acceptor_start(&server->acceptor, server);
    case PARTS:
        break;
    }
    return LINED_OK;
}

static void undo_part(lined_server *server, enum part part)
{
    switch (part) {
    case PART_LISTENER:
        close(server->listener);
        break;
    case PART_COURIER: /* a push finds nobody any more, so none can ask for it */
        courier_deinit(&server->courier);
        break;
    case PART_WORKER:
        if (server->worker->stop != NULL)
            server->worker->stop(server->shared);
        break;
    case PART_OWNER: /* nobody is left who could wait for it */
        if (server->options.mode == LINED_ACTIVE)
            owner_stop(server->owner, &server->mailbox);
        break;
    case PART_ACCEPTOR:
        INVARIANT(pthread_join(server->acceptor, NULL) == 0);
        registry_wait_empty(&server->registry);
        thread_cache_end(&server->thread_cache);
        registry_wait_waiters(&server->registry);
        break;
    case PARTS:
        break;
    }
}

static void undo_and_free(lined_server *server, enum part made)
{
    while (made > 0)
        undo_part(server, --made);
    mailbox_deinit(&server->mailbox);
    admission_deinit(&server->admission);
    thread_cache_deinit(&server->thread_cache);
    registry_deinit(&server->registry);
    free(server);
}

int lined_server_start(lined_server **started, const struct lined_options *options,
                       const struct lined_worker *worker)
{
    union net_address address;

    if (!options_are_valid(options) || !worker_is_valid(worker, options->mode) ||
        !net_parse(options->ip, options->port, &address))
        return -EINVAL;
    lined_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    server->options = *options;
    server->options.ip = NULL;
    server->worker = worker;
    registry_init(&server->registry);
    server->courier.wake = -1; /* a worker's start may drain the server */
    thread_cache_init(&server->thread_cache);
    server->stack_size = THREAD_STACK_SIZE;
    admission_init(&server->admission, &server->options, worker);
    busy_poll_limit_init(&server->busy_poll, server->options.busy_poll_us);
    mailbox_init(&server->mailbox);
    for (enum part part = 0; part < PARTS; part++) {
        int failed = make_part(server, part, &address);
        if (failed != LINED_OK) {
            undo_and_free(server, part);
            return failed;
        }
        if (part == PART_LISTENER)
            server->port = net_port(server->listener);
    }
    *started = server;
    return LINED_OK;
}

uint16_t lined_server_port(const lined_server *server)
{
    return server->port;
}

void lined_server_stats(lined_server *server, struct lined_stats *stats)
{
    registry_stats(&server->registry, stats);
    totals_read(&server->totals, stats);
    stats->refused = admission_refused(&server->admission);
    stats->mailbox_deepest = mailbox_deepest(&server->mailbox);
}

/* Makes the blocked accept return EINVAL; closing the listener would wake nobody. Who waits to be
 * accepted is reset. */
static void end_accepting(lined_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
}

/* Clients that are connected but not yet accepted may have sent lines, so they are served. The
 * acceptor takes them and ends (acceptor.c). It is blocked only while there is nobody; then there
 * is nobody to lose. */
void lined_server_drain(lined_server *server)
{
    registry_drain(&server->registry, server->options.drain_timeout_ms);
    courier_notice_drain(&server->courier);
    net_stop_waiting(server->listener);
    if (net_queued(server->listener) == 0)
        end_accepting(server);
    registry_end_ending(&server->registry);
}

void lined_server_stop(lined_server *server)
{
    const struct lined_observer *observer = server->options.observer;
    size_t cut = registry_cut(&server->registry);

    end_accepting(server);
    if (cut > 0 && observer != NULL && observer->cut != NULL)
        observer->cut(observer->context, cut);
    registry_end_ending(&server->registry);
}

int lined_server_wait(lined_server *server)
{
    struct lined_stats stats;

    registry_begin_wait(&server->registry);
    registry_wait_empty(&server->registry);
    thread_cache_end(&server->thread_cache);
    registry_stats(&server->registry, &stats);
    int error = atomic_load(&server->accept_error);
    registry_end_wait(&server->registry);
    if (error != 0)
        return -error;
    return stats.connections_cut > 0 ? LINED_CUT : LINED_OK;
}

void lined_server_free(lined_server *server)
{
    lined_server_stop(server);
    undo_and_free(server, PARTS);
}

const char *lined_version(void)
{
    return LINED_VERSION;
}
