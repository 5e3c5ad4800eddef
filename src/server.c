#include "lined.h"

#include "invariant.h"
#include "net.h"
#include "registry.h"
#include "session.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* accept(2) failing for reasons of single clients is paced only after so many in a row. */
#define RETRIES_BEFORE_PACING 16u

/* How long the acceptor rests when a resource has run out, unless a connection closes before. */
#define PACE_MS 100u

struct lined_server {
    struct lined_options options; /* never changes after the start; ip is not kept */
    int listener;                 /* opened at the start, closed by lined_server_free */
    uint16_t port;
    struct registry registry; /* locks for itself */
    struct session_setting setting;
    pthread_t acceptor;
    _Atomic int accept_error; /* why the acceptor gave up, an errno; 0 while it has not */
};

/* What the acceptor remembers from one accept to the next. */
struct trouble {
    unsigned failures; /* in a row */
    bool told;         /* the observer knows of this episode */
};

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
        .drain_timeout_ms = 5 * 1000,
    };
}

static void pace(lined_server *server, struct trouble *trouble, const char *what, int error)
{
    const struct lined_observer *observer = server->options.observer;

    if (!trouble->told && observer != NULL && observer->trouble != NULL)
        observer->trouble(observer->context, what, error);
    trouble->told = true;
    registry_wait_departure(&server->registry, PACE_MS);
}

/* False when there is nothing more to accept. */
static bool handle_accept_error(lined_server *server, struct trouble *trouble, int error)
{
    bool stopping = registry_phase(&server->registry) != REGISTRY_RUNNING;
    enum net_verdict verdict = net_accept_verdict(error);

    if (stopping)
        return false;
    if (verdict == NET_ENDED || verdict == NET_FATAL) {
        atomic_store(&server->accept_error, error);
        lined_server_drain(server);
        return false;
    }
    if (verdict == NET_PACE || ++trouble->failures > RETRIES_BEFORE_PACING)
        pace(server, trouble, "accept", error);
    return true;
}

static void *acceptor_main(void *argument)
{
    lined_server *server = argument;
    struct trouble trouble = {0};
    bool go_on = true;

    while (go_on) {
        union net_address peer;
        int fd = net_accept(server->listener, &peer);
        if (fd < 0) {
            go_on = handle_accept_error(server, &trouble, -fd);
            continue;
        }
        int result = session_start(&server->setting, fd, &peer);
        if (result < 0)
            pace(server, &trouble, "thread", -result);
        else
            trouble = (struct trouble){0};
        go_on = result != LINED_STOPPING;
    }
    return NULL;
}

static bool options_are_valid(const struct lined_options *options)
{
    return options->ip != NULL && options->backlog >= 1 &&
           options->max_line >= LINED_MAX_LINE_LEAST && options->max_line <= LINED_MAX_LINE_MOST &&
           options->long_line <= LINED_LONG_CLOSE && options->partial <= LINED_PARTIAL_DELIVER;
}

/* The library's threads take no signals: they are for whoever embeds it. New threads inherit the
 * mask of the one that makes them, so the acceptor's mask is its sessions' too. */
static int start_acceptor(lined_server *server)
{
    sigset_t every, before;

    sigfillset(&every);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &every, &before) == 0);
    int error = pthread_create(&server->acceptor, NULL, acceptor_main, server);
    INVARIANT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return -error;
}

/* Everything but memory and the listener. */
static int start(lined_server *server, const struct lined_worker *worker)
{
    server->port = net_port(server->listener);
    registry_init(&server->registry);
    int failed =
        session_setting_init(&server->setting, &server->registry, &server->options, worker);
    if (failed == LINED_OK) {
        failed = start_acceptor(server);
        if (failed != LINED_OK)
            session_setting_deinit(&server->setting);
    }
    if (failed != LINED_OK)
        registry_deinit(&server->registry);
    return failed;
}

int lined_server_start(lined_server **started, const struct lined_options *options,
                       const struct lined_worker *worker)
{
    union net_address address;

    if (worker == NULL || worker->line == NULL || !options_are_valid(options) ||
        !net_parse(options->ip, options->port, &address))
        return -EINVAL;
    lined_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return -ENOMEM;
    server->options = *options;
    server->options.ip = NULL;
    int failed = server->listener = net_listen(&address, options->backlog);
    if (failed >= 0) {
        failed = start(server, worker);
        if (failed != LINED_OK)
            close(server->listener);
    }
    if (failed != LINED_OK) {
        free(server);
        return failed;
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
}

/* Makes the blocked accept return EINVAL; closing the listener would wake nobody. */
static void end_accepting(lined_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
}

void lined_server_drain(lined_server *server)
{
    registry_drain(&server->registry, server->options.drain_timeout_ms);
    end_accepting(server);
}

void lined_server_stop(lined_server *server)
{
    const struct lined_observer *observer = server->options.observer;
    size_t cut = registry_cut(&server->registry);

    end_accepting(server);
    if (cut > 0 && observer != NULL && observer->cut != NULL)
        observer->cut(observer->context, cut);
}

int lined_server_wait(lined_server *server)
{
    struct lined_stats stats;

    if (!registry_wait_drained(&server->registry))
        lined_server_stop(server);
    registry_wait_empty(&server->registry);
    registry_stats(&server->registry, &stats);
    int error = atomic_load(&server->accept_error);
    if (error != 0)
        return -error;
    return stats.connections_cut > 0 ? LINED_CUT : LINED_OK;
}

void lined_server_free(lined_server *server)
{
    lined_server_stop(server);
    INVARIANT(pthread_join(server->acceptor, NULL) == 0);
    registry_wait_empty(&server->registry);
    registry_deinit(&server->registry);
    session_setting_deinit(&server->setting);
    close(server->listener);
    free(server);
}

const char *lined_version(void)
{
    return LINED_VERSION;
}
