#include "acceptor.h"

#include "net.h"
#include "registry.h"
#include "server.h"
#include "session.h"
#include "thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

/* accept(2) failing for reasons of single clients is paced only after so many in a row. */
#define RETRIES_BEFORE_PACING 16u

/* How long the acceptor rests when a resource has run out, unless a connection closes before. */
#define PACE_MS 100u

struct acceptor {
    lined_server *server;
    unsigned failures; /* in a row */
    bool saw_drain;    /* queued is set */
    size_t queued;     /* who was waiting when the drain was seen, and is not accepted yet */
};

static void pace(struct acceptor *acceptor, const char *what, int error)
{
    const struct lined_observer *observer = acceptor->server->options.observer;

    if (observer != NULL && observer->trouble != NULL)
        observer->trouble(observer->context, what, error);
    registry_wait_departure(&acceptor->server->registry, PACE_MS);
}

/* False when there is nobody more to accept. Clients who come during a drain could keep it up for
 * ever; those who were here before it are the last. */
static bool may_accept(struct acceptor *acceptor)
{
    lined_server *server = acceptor->server;

    switch (registry_phase(&server->registry)) {
    case REGISTRY_RUNNING:
        return true;
    case REGISTRY_CUT:
        return false;
    case REGISTRY_DRAINING:
        break;
    }
    if (!acceptor->saw_drain) {
        acceptor->saw_drain = true;
        acceptor->queued = net_queued(server->listener);
    }
    return acceptor->queued > 0;
}

/* False when there is nothing more to accept. */
static bool handle_accept_error(struct acceptor *acceptor, int error)
{
    lined_server *server = acceptor->server;
    enum net_verdict verdict = net_accept_verdict(error);

    /* In a drain the listener does not block: nobody waits any more. */
    if (registry_phase(&server->registry) != REGISTRY_RUNNING &&
        (error == EAGAIN || verdict == NET_ENDED))
        return false;
    registry_count_accept_error(&server->registry, error);
    if (verdict == NET_ENDED || verdict == NET_FATAL) {
        atomic_store(&server->accept_error, error);
        lined_server_drain(server);
        return false;
    }
    if (verdict == NET_PACE || ++acceptor->failures > RETRIES_BEFORE_PACING)
        pace(acceptor, "accept", error);
    return true;
}

/* Accepts one client. False when there is nothing more to accept. */
static bool accept_one(struct acceptor *acceptor)
{
    union net_address peer;
    int fd = net_accept(acceptor->server->listener, &peer);

    if (fd < 0)
        return handle_accept_error(acceptor, -fd);
    if (acceptor->saw_drain)
        acceptor->queued--;
    int result = session_start(acceptor->server, fd, &peer);
    if (result < 0) {
        registry_count_refused(&acceptor->server->registry);
        pace(acceptor, "thread", -result);
    } else {
        acceptor->failures = 0;
    }
    return result != LINED_STOPPING;
}

static void *acceptor_main(void *argument)
{
    struct acceptor acceptor = {.server = argument};

    while (may_accept(&acceptor) && accept_one(&acceptor))
        continue;
    shutdown(acceptor.server->listener, SHUT_RDWR); /* from now on clients are refused */
    registry_end_accepting(&acceptor.server->registry);
    return NULL;
}

int acceptor_start(pthread_t *thread, lined_server *server)
{
    registry_begin_accepting(&server->registry);
    int failed = thread_start(thread, acceptor_main, server);
    if (failed != LINED_OK)
        registry_end_accepting(&server->registry);
    return failed;
}
