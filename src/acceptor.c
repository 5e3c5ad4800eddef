#include "acceptor.h"

#include "monotonic.h"
#include "net.h"
#include "refusal.h"
#include "registry.h"
#include "server.h"
#include "session.h"
#include "thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/* accept(2) failing for reasons of single clients is paced only after so many in a row. */
#define RETRIES_BEFORE_PACING 16u

/* How long the acceptor rests when a resource has run out, unless a connection closes before. */
#define PACE_MS 50u

/* What the observer is told of. */
enum trouble { TROUBLE_ACCEPT, TROUBLE_THREAD, TROUBLE_LIMIT };

struct acceptor {
    lined_server *server;
    unsigned failures; /* in a row */
    bool saw_drain;    /* queued is set */
    size_t queued;     /* who was waiting when the drain was seen, and is not accepted yet */
    struct refusal refusal;
};

static void tell(struct acceptor *acceptor, enum trouble trouble, int error)
{
    static const char *const what[] = {"accept", "thread", "limit"};
    const struct lined_observer *observer = acceptor->server->options.observer;

    if (observer != NULL && observer->trouble != NULL)
        observer->trouble(observer->context, what[trouble], error);
}

/* Rests until what has run out may be there again. */
static void pace(struct acceptor *acceptor, enum trouble trouble, int error)
{
    tell(acceptor, trouble, error);
    refusal_end(&acceptor->refusal); /* so that it is not what holds the last descriptors */
    acceptor->failures = 0;
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

static bool is_full(const lined_server *server, size_t present)
{
    size_t most = server->options.max_connections;

    return most > 0 && present >= most;
}

/* At the limit it rests until somebody leaves, and then until the next accept is due. Meanwhile the
 * backlog holds who comes. A drain's clients have come already: they wait for room, but not for
 * the rate. */
static void rest(struct acceptor *acceptor)
{
    lined_server *server = acceptor->server;

    if (server->options.overflow == LINED_OVERFLOW_WAIT &&
        is_full(server, registry_present(&server->registry))) {
        tell(acceptor, TROUBLE_LIMIT, 0);
        while (!registry_wait_room(&server->registry, server->options.max_connections,
                                   refusal_deadline_ms(&acceptor->refusal)))
            refusal_expire(&acceptor->refusal);
    }
    int64_t due = admission_due_ms(&server->admission);
    if (due > monotonic_ms())
        registry_pause(&server->registry, due);
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
        pace(acceptor, TROUBLE_ACCEPT, error);
    return true;
}

/* Gives the client a session, or turns it away: LINED_OK. Otherwise fd is still open. */
static int take_in(struct acceptor *acceptor, int fd, const union net_address *peer)
{
    lined_server *server = acceptor->server;
    size_t most = server->options.max_connections;
    size_t present = registry_present_beside_leavers(&server->registry, most > 0 ? most : SIZE_MAX);
    const char *line;
    int result = admission_enter(&server->admission, peer, present, &line);

    if (result != LINED_OK)
        return result;
    if (line != NULL) {
        if (is_full(server, present))
            tell(acceptor, TROUBLE_LIMIT, 0);
        refusal_begin(&acceptor->refusal, fd, line);
        return LINED_OK;
    }
    result = session_start(server, fd, peer);
    if (result != LINED_OK) {
        admission_leave(&server->admission, peer);
        admission_forget(&server->admission, peer);
    }
    return result;
}

/* Accepts one client. False when there is nothing more to accept. */
static bool accept_one(struct acceptor *acceptor)
{
    lined_server *server = acceptor->server;
    union net_address peer;

    refusal_wait(&acceptor->refusal, server->listener);
    int fd = net_accept(server->listener, &peer);
    if (fd < 0)
        return handle_accept_error(acceptor, -fd);
    acceptor->failures = 0;
    admission_accepted(&server->admission, monotonic_ms());
    if (acceptor->saw_drain)
        acceptor->queued--;
    /* Without memory or a thread for it the client waits here, and the others in the backlog. */
    int result;
    while ((result = take_in(acceptor, fd, &peer)) < 0 &&
           registry_phase(&server->registry) != REGISTRY_CUT)
        pace(acceptor, TROUBLE_THREAD, -result);
    if (result != LINED_OK)
        close(fd);
    return result == LINED_OK;
}

static void *acceptor_main(void *argument)
{
    struct acceptor acceptor = {.server = argument};

    while (may_accept(&acceptor)) {
        rest(&acceptor);
        if (!accept_one(&acceptor))
            break;
    }
    refusal_end(&acceptor.refusal);
    shutdown(acceptor.server->listener, SHUT_RDWR); /* from now on clients are refused */
    registry_end_accepting(&acceptor.server->registry);
    return NULL;
}

/* It calls the observer's trouble. */
static void *acceptor_thread(void *argument)
{
    return thread_run_callbacks(acceptor_main, argument);
}

int acceptor_start(pthread_t *thread, lined_server *server)
{
    registry_begin_accepting(&server->registry);
    int failed = thread_start(thread, acceptor_thread, server);
    if (failed != LINED_OK)
        registry_end_accepting(&server->registry);
    return failed;
}
