#include "stop.h"

#include "../invariant.h"
#include "../monotonic.h"
#include "say.h"

#include <inttypes.h>
#include <signal.h>

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

/* Begins the end, and says what is waited for to whoever sits before a server that does not end at
 * once. */
static void drain(struct stop *stop)
{
    struct lined_stats stats;

    atomic_store(&stop->began_ms, monotonic_ms());
    lined_server_stats(stop->server, &stats);
    lined_server_drain(stop->server);
    if (stats.connected > 0)
        say("draining %" PRIu64 " connection%s; a second signal cuts at once", stats.connected,
            stats.connected == 1 ? "" : "s");
}

static void cut(struct stop *stop)
{
    if (stop->log != NULL)
        packet_log_hurry(stop->log, 0);
    lined_server_stop(stop->server);
}

static void *take_signals(void *argument)
{
    struct stop *stop = argument;
    const sigset_t signals = stop_signals();

    for (;;) {
        int signal;
        INVARIANT(sigwait(&signals, &signal) == 0);
        if (atomic_load(&stop->over))
            return NULL;
        if (atomic_load(&stop->began_ms) == 0)
            drain(stop);
        else
            cut(stop);
    }
}

int stop_init(struct stop *stop, lined_server *server, struct packet_log *log)
{
    stop->server = server;
    stop->log = log;
    atomic_init(&stop->began_ms, 0);
    atomic_init(&stop->over, false);
    return -pthread_create(&stop->thread, NULL, take_signals, stop);
}

void stop_deinit(struct stop *stop)
{
    atomic_store(&stop->over, true);
    /* NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread,cert-pos44-c): it waits for it */
    INVARIANT(pthread_kill(stop->thread, SIGTERM) == 0);
    INVARIANT(pthread_join(stop->thread, NULL) == 0);
}
