#include "server.h"

#include "abi.h"
#include "active/dispatcher.h"
#include "base/invariant.h"
#include "base/monotonic.h"
#include "net/address.h"
#include "net/endpoint.h"
#include "server_options.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* On the flusher's thread. */
static void cut_at_deadline(void *server)
{
    lined_server_stop(server);
}

/* The parts that cannot fail. */
static void init_parts(struct lined_server *server, const struct lined_options *options,
                       const struct lined_handler *handler, void *context)
{
    server->options = *options;
    /* The texts are the caller's. Their content is in the parts. */
    server->options.ip = server->options.allow = server->options.deny = NULL;
    server->options.proxy_from = server->options.greeting = NULL;
    server->made_ms = monotonic_ms();
    live_options_set(&server->live, options);
    admission_init(&server->admission, &server->access, &server->options, handler);
    busy_poll_limit_init(&server->busy_poll, options->busy_poll_us);
    mailbox_init(&server->mailbox);
    server->service =
        (struct service){.server = server,
                         .options = &server->options,
                         .live = &server->live,
                         .handler = handler,
                         .context = context,
                         .greeting = server->greeting,
                         .lifecycle = &server->lifecycle,
                         .totals = &server->totals,
                         .latency = options->measure_latency ? &server->latency : NULL,
                         .busy_poll = &server->busy_poll,
                         .flusher = &server->flusher};
    workers_init(&server->workers, &server->service, &server->table, &server->admission,
                 &server->mailbox);
    timer_thread_init(&server->timers, &server->service, &server->mailbox);
}

/* The greeting with its LF. LINED_OK or -ENOMEM. */
static int copy_greeting(struct lined_server *server, const char *greeting)
{
    if (greeting == NULL)
        return LINED_OK;
    size_t size = strlen(greeting);
    server->greeting = malloc(size + 2);
    if (server->greeting == NULL)
        return -ENOMEM;
    memcpy(server->greeting, greeting, size);
    memcpy(server->greeting + size, "\n", 2);
    return LINED_OK;
}

/* The table, the networks, and the parts with descriptors. LINED_OK, or -errno: then nothing is
 * left open. */
static int open_parts(struct lined_server *server, const struct lined_options *options)
{
    int failed = access_init(&server->access, options);
    if (failed != LINED_OK)
        return failed;
    conn_table_init(&server->table);
    failed = lifecycle_init(&server->lifecycle, &server->table, options->drain_timeout_ms,
                            options->drain_mode == LINED_DRAIN_WAIT, timer_thread_notify,
                            &server->timers);
    if (failed == LINED_OK) {
        failed = flusher_init(&server->flusher, &server->table, &server->lifecycle, cut_at_deadline,
                              server);
        if (failed != LINED_OK)
            lifecycle_deinit(&server->lifecycle);
    }
    if (failed != LINED_OK) {
        conn_table_deinit(&server->table);
        access_deinit(&server->access);
    }
    return failed;
}

/* The program's options as this library knows them, checked together with the rest. */
static int read_arguments(struct lined_options *options, const struct lined_options *program,
                          const struct lined_handler *handler, union net_address *address)
{
    int failed = abi_read_options(options, program);

    if (failed != LINED_OK)
        return failed;
    if (!options_are_valid(options) ||
        (options->ip != NULL && !address_parse(options->ip, options->port, address)))
        return -EINVAL;
    if (options->observer != NULL && !abi_knows_observer(options->observer))
        return -E2BIG;
    return handler_check(handler, options->mode);
}

int lined_server_new(lined_server **made, const struct lined_options *program,
                     const struct lined_handler *handler, void *context)
{
    struct lined_options known;
    const struct lined_options *options = &known;
    union net_address address;

    int failed = read_arguments(&known, program, handler, &address);
    if (failed != LINED_OK)
        return failed;
    lined_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    failed = copy_greeting(server, options->greeting);
    if (failed == LINED_OK)
        failed = open_parts(server, options);
    if (failed != LINED_OK) {
        free(server->greeting);
        free(server);
        return failed;
    }
    init_parts(server, options, handler, context);
    if (options->ip != NULL) {
        const struct endpoint endpoint = endpoint_of(&address);
        failed = server_add_listener(server, &endpoint);
    }
    if (failed != LINED_OK) {
        lined_server_free(server);
        return failed;
    }
    *made = server;
    return LINED_OK;
}

/* ---- threads ---- */

void lined_server_set_context(lined_server *server, void *context)
{
    INVARIANT(!server->is_started);
    server->service.context = context;
}

void *lined_server_context(const lined_server *server)
{
    return server->service.context;
}

/* Waits for the first acceptors, and until no connection is left. The server drains or was cut. */
static void end_acceptors(lined_server *server, size_t count)
{
    for (size_t i = 0; i < count; i++)
        acceptor_join(server->acceptors[i]);
    lifecycle_wait_empty(&server->lifecycle);
    workers_end(&server->workers);
}

static int start_acceptors(lined_server *server)
{
    size_t started = 0;
    int failed = LINED_OK;

    while (failed == LINED_OK && started < server->acceptor_count) {
        failed = acceptor_start(server->acceptors[started]);
        started += failed == LINED_OK;
    }
    if (failed != LINED_OK) { /* the others may have accepted already */
        lined_server_stop(server);
        end_acceptors(server, started);
    }
    return failed;
}

static int start_dispatcher(lined_server *server)
{
    return server->options.mode == LINED_ACTIVE
               ? dispatcher_start(&server->dispatcher, options_stack_size(&server->options),
                                  &server->mailbox)
               : LINED_OK;
}

static void end_dispatcher(lined_server *server)
{
    if (server->options.mode == LINED_PASSIVE)
        return;
    mailbox_close(&server->mailbox);
    dispatcher_join(server->dispatcher);
}

/* No connection is left. */
static void end_timers(struct lined_server *server)
{
    timer_thread_finish(&server->timers);
    timer_thread_join(&server->timers);
}

/* The threads that run callbacks. */
static int start_serving(lined_server *server)
{
    int failed = start_dispatcher(server);

    if (failed != LINED_OK)
        return failed;
    failed = timer_thread_start(&server->timers);
    if (failed == LINED_OK) {
        failed = start_acceptors(server);
        if (failed != LINED_OK)
            end_timers(server);
    }
    if (failed != LINED_OK)
        end_dispatcher(server);
    return failed;
}

/* The acceptors come last: from then on there are connections. */
int lined_server_start(lined_server *server)
{
    if (server->is_started)
        return -EALREADY;
    if (server->acceptor_count == 0)
        return -EDESTADDRREQ;
    int failed = flusher_start(&server->flusher);
    if (failed != LINED_OK)
        return failed;
    failed = start_serving(server);
    if (failed != LINED_OK)
        flusher_end(&server->flusher);
    server->is_started = failed == LINED_OK;
    return failed;
}

/* In the order in which they stop needing each other: no connection comes without the acceptors,
 * and without connections and timers nothing needs the dispatcher and the flusher. */
static void end_threads(lined_server *server)
{
    end_acceptors(server, server->acceptor_count);
    end_timers(server);
    lifecycle_wait_waiters(&server->lifecycle);
    end_dispatcher(server);
    flusher_end(&server->flusher);
}

bool lined_server_check(lined_server *server)
{
    bool have_answered = true;

    for (size_t i = 0; i < server->acceptor_count; i++)
        have_answered &= acceptor_check(server->acceptors[i]);
    lifecycle_wake_acceptors(&server->lifecycle);
    return have_answered;
}

/* Waiting acceptors read the limits again. */
int lined_server_set(lined_server *server, const struct lined_options *program)
{
    struct lined_options options;
    int failed = abi_read_options(&options, program);

    if (failed != LINED_OK)
        return failed;
    if (!options_are_valid(&options) || !options_can_follow(&options, &server->options))
        return -EINVAL;
    live_options_set(&server->live, &options);
    admission_set(&server->admission, &options);
    lifecycle_set_drain_timeout(&server->lifecycle, options.drain_timeout_ms);
    lifecycle_wake_acceptors(&server->lifecycle);
    return LINED_OK;
}

void lined_server_suspend(lined_server *server)
{
    lifecycle_suspend(&server->lifecycle, true);
}

void lined_server_resume(lined_server *server)
{
    lifecycle_suspend(&server->lifecycle, false);
}

void lined_server_stats(lined_server *server, struct lined_stats *program, size_t size)
{
    struct lined_stats stats = {0};

    lifecycle_stats(&server->lifecycle, &stats);
    totals_read(&server->totals, &stats);
    for (size_t i = 0; i < server->acceptor_count; i++)
        accept_errors_stats(&server->acceptors[i]->errors, &stats);
    admission_stats(&server->admission, &stats);
    mailbox_stats(&server->mailbox, &stats);
    stats.uptime_ms = (uint64_t)(monotonic_ms() - server->made_ms);
    abi_write(program, size, &stats, sizeof stats);
}

void lined_server_latency(lined_server *server, struct lined_latency *program, size_t size)
{
    struct lined_latency latency;

    latency_read(&server->latency, &latency);
    abi_write(program, size, &latency, sizeof latency);
}

void lined_server_drain(lined_server *server)
{
    lifecycle_drain(&server->lifecycle);
    lifecycle_end_shutdown(&server->lifecycle);
}

void lined_server_stop(lined_server *server)
{
    const struct lined_observer *observer = server->options.observer;
    size_t cut = lifecycle_cut(&server->lifecycle);

    if (cut > 0 && observer != NULL && observer->cut != NULL)
        observer->cut(observer->context, cut);
    lifecycle_end_shutdown(&server->lifecycle);
}

bool lined_server_is_draining(lined_server *server)
{
    return lifecycle_phase(&server->lifecycle) != LIFECYCLE_RUNNING;
}

/* Why an acceptor has given up; 0: none has. */
static int fatal_error(const lined_server *server)
{
    int error = 0;

    for (size_t i = 0; i < server->acceptor_count && error == 0; i++)
        error = atomic_load(&server->acceptors[i]->fatal_error);
    return error;
}

int lined_server_wait(lined_server *server)
{
    struct lined_stats stats;

    if (!server->is_started)
        return -EINVAL;
    lifecycle_begin_wait(&server->lifecycle);
    lifecycle_wait_empty(&server->lifecycle);
    timer_thread_finish(&server->timers);
    workers_end(&server->workers);
    lifecycle_stats(&server->lifecycle, &stats);
    int error = fatal_error(server);
    lifecycle_end_wait(&server->lifecycle);
    if (error != 0)
        return -error;
    return stats.connections_cut > 0 ? LINED_CUT : LINED_OK;
}

void lined_server_free(lined_server *server)
{
    lined_server_stop(server);
    if (server->is_started)
        end_threads(server);
    while (server->acceptor_count > 0) {
        struct acceptor *acceptor = server->acceptors[--server->acceptor_count];
        acceptor_deinit(acceptor);
        free(acceptor);
    }
    free(server->acceptors);
    timer_thread_deinit(&server->timers);
    flusher_deinit(&server->flusher);
    workers_deinit(&server->workers);
    mailbox_deinit(&server->mailbox);
    admission_deinit(&server->admission);
    access_deinit(&server->access);
    lifecycle_deinit(&server->lifecycle);
    conn_table_deinit(&server->table);
    free(server->greeting);
    free(server);
}

const char *lined_version(void)
{
    return LINED_VERSION;
}
