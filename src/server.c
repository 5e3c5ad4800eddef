#include "server.h"

#include "active/dispatcher.h"
#include "base/invariant.h"
#include "net/address.h"
#include "net/listener.h"
#include "server_options.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* On the flusher's thread. */
static void cut_at_deadline(void *server)
{
    lined_server_stop(server);
}

/* The parts that need no descriptor. */
static void init_parts(struct lined_server *server, const struct lined_options *options,
                       const struct lined_handler *handler, void *context)
{
    server->options = *options;
    server->options.ip = NULL;
    conn_table_init(&server->table);
    lifecycle_init(&server->lifecycle, &server->table, options->drain_timeout_ms,
                   server->flusher.wake);
    admission_init(&server->admission, &server->options, handler);
    busy_poll_limit_init(&server->busy_poll, options->busy_poll_us);
    mailbox_init(&server->mailbox);
    server->service = (struct service){.server = server,
                                       .options = &server->options,
                                       .handler = handler,
                                       .context = context,
                                       .lifecycle = &server->lifecycle,
                                       .totals = &server->totals,
                                       .busy_poll = &server->busy_poll};
    workers_init(&server->workers, &server->service, &server->table, &server->admission,
                 &server->mailbox);
}

/* LINED_OK, or -errno: then nothing is left open. */
static int open_descriptors(struct lined_server *server, const union net_address *address,
                            const struct lined_options *options, int *listener)
{
    *listener = listener_open(address, options->backlog, options->send_timeout_ms);
    if (*listener < 0)
        return *listener;
    int failed =
        flusher_init(&server->flusher, &server->table, &server->lifecycle, cut_at_deadline, server);
    if (failed != LINED_OK)
        close(*listener);
    return failed;
}

int lined_server_new(lined_server **made, const struct lined_options *options,
                     const struct lined_handler *handler, void *context)
{
    union net_address address;
    int listener;

    if (!options_are_valid(options) || !handler_is_valid(handler, options->mode) ||
        !address_parse(options->ip, options->port, &address))
        return -EINVAL;
    lined_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    int failed = open_descriptors(server, &address, options, &listener);
    if (failed != LINED_OK) {
        free(server);
        return failed;
    }
    init_parts(server, options, handler, context);
    server->port = listener_port(listener);
    acceptor_init(&server->acceptor, listener, &server->options, &server->lifecycle,
                  &server->admission, &server->workers);
    *made = server;
    return LINED_OK;
}

void lined_server_set_context(lined_server *server, void *context)
{
    INVARIANT(!server->is_started);
    server->service.context = context;
}

static void end_dispatcher(lined_server *server)
{
    mailbox_close(&server->mailbox);
    dispatcher_join(server->dispatcher);
}

/* The acceptor comes last: from then on there are connections. */
static int start_threads(lined_server *server)
{
    bool is_active = server->options.mode == LINED_ACTIVE;

    int failed = flusher_start(&server->flusher);
    if (failed != LINED_OK)
        return failed;
    if (is_active)
        failed = dispatcher_start(&server->dispatcher, &server->mailbox);
    if (failed == LINED_OK) {
        failed = acceptor_start(&server->acceptor);
        if (failed != LINED_OK && is_active)
            end_dispatcher(server);
    }
    if (failed != LINED_OK)
        flusher_end(&server->flusher);
    return failed;
}

int lined_server_start(lined_server *server)
{
    if (server->is_started)
        return -EALREADY;
    int failed = start_threads(server);
    server->is_started = failed == LINED_OK;
    return failed;
}

uint16_t lined_server_port(const lined_server *server)
{
    return server->port;
}

void lined_server_stats(lined_server *server, struct lined_stats *stats)
{
    lifecycle_stats(&server->lifecycle, stats);
    totals_read(&server->totals, stats);
    accept_errors_stats(&server->acceptor.errors, stats);
    stats->rejected = admission_rejected(&server->admission);
    stats->mailbox_peak = mailbox_peak(&server->mailbox);
}

void lined_server_drain(lined_server *server)
{
    lifecycle_drain(&server->lifecycle);
    acceptor_drain(&server->acceptor);
    lifecycle_end_shutdown(&server->lifecycle);
}

void lined_server_stop(lined_server *server)
{
    const struct lined_observer *observer = server->options.observer;
    size_t cut = lifecycle_cut(&server->lifecycle);

    acceptor_cut(&server->acceptor);
    if (cut > 0 && observer != NULL && observer->cut != NULL)
        observer->cut(observer->context, cut);
    lifecycle_end_shutdown(&server->lifecycle);
}

int lined_server_wait(lined_server *server)
{
    struct lined_stats stats;

    if (!server->is_started)
        return -EINVAL;
    lifecycle_begin_wait(&server->lifecycle);
    lifecycle_wait_empty(&server->lifecycle);
    workers_end(&server->workers);
    lifecycle_stats(&server->lifecycle, &stats);
    int error = atomic_load(&server->acceptor.fatal_error);
    lifecycle_end_wait(&server->lifecycle);
    if (error != 0)
        return -error;
    return stats.connections_cut > 0 ? LINED_CUT : LINED_OK;
}

/* In the order in which they stop needing each other: no connection comes without the acceptor, and
 * without connections nothing needs the dispatcher and the flusher. */
static void end_threads(lined_server *server)
{
    acceptor_join(&server->acceptor);
    lifecycle_wait_empty(&server->lifecycle);
    workers_end(&server->workers);
    lifecycle_wait_waiters(&server->lifecycle);
    if (server->options.mode == LINED_ACTIVE)
        end_dispatcher(server);
    flusher_end(&server->flusher);
}

void lined_server_free(lined_server *server)
{
    lined_server_stop(server);
    if (server->is_started)
        end_threads(server);
    acceptor_deinit(&server->acceptor);
    flusher_deinit(&server->flusher);
    workers_deinit(&server->workers);
    mailbox_deinit(&server->mailbox);
    admission_deinit(&server->admission);
    lifecycle_deinit(&server->lifecycle);
    conn_table_deinit(&server->table);
    free(server);
}

const char *lined_version(void)
{
    return LINED_VERSION;
}
