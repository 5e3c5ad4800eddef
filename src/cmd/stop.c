#include "stop.h"

#include "../invariant.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

static sigset_t stop_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

void stop_block_signals(void)
{
    const sigset_t signals = stop_signals();

    INVARIANT(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
}

/* Says what is waited for, to whoever sits before a server that does not end at once. */
static void say_draining(lined_server *server)
{
    struct lined_stats stats;

    lined_server_stats(server, &stats);
    if (stats.connected > 0)
        fprintf(stderr, "lined: draining %" PRIu64 " connection%s; a second signal cuts at once\n",
                stats.connected, stats.connected == 1 ? "" : "s");
}

static void *take_signals(void *argument)
{
    struct stop *stop = argument;
    const sigset_t signals = stop_signals();
    bool draining = false;
    int signal;

    for (;;) {
        INVARIANT(sigwait(&signals, &signal) == 0);
        if (atomic_load(&stop->over))
            return NULL;
        if (draining) {
            lined_server_stop(stop->server);
            continue;
        }
        draining = true;
        say_draining(stop->server);
        lined_server_drain(stop->server);
    }
}

int stop_init(struct stop *stop, lined_server *server)
{
    stop->server = server;
    atomic_init(&stop->over, false);
    return -pthread_create(&stop->thread, NULL, take_signals, stop);
}

void stop_deinit(struct stop *stop)
{
    atomic_store(&stop->over, true);
    INVARIANT(pthread_kill(stop->thread, SIGTERM) == 0);
    INVARIANT(pthread_join(stop->thread, NULL) == 0);
}
