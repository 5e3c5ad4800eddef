#include "session.h"

#include "conn.h"
#include "invariant.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Small, because there are many; the guard page below stays. Sanitizers need more for their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE ((size_t)1024 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STACK_SIZE ((size_t)1024 * 1024)
#endif
#endif
#ifndef STACK_SIZE
#define STACK_SIZE ((size_t)128 * 1024)
#endif

/* Made by the acceptor, owned by the session's thread once that runs. */
struct session {
    struct lined_conn conn;
    const struct session_setting *setting;
};

/* Passive delivery: takes lines one by one and runs the worker on them here. */
static int receive_lines(struct lined_conn *conn, const struct lined_worker *worker, void *state)
{
    for (;;) {
        const char *line;
        size_t size;
        int result = conn_recv_line(conn, &line, &size);
        if (result == LINED_OK)
            result = worker->line(conn, state, line, size);
        if (result != LINED_OK)
            return result;
    }
}

/* Returns the reason for the end. */
static int serve(struct lined_conn *conn, const struct lined_worker *worker)
{
    void *state = NULL;

    if (worker->open != NULL) {
        int refused = worker->open(conn, &state);
        if (refused != LINED_OK)
            return refused;
    }
    int reason = receive_lines(conn, worker, state);
    if (worker->close != NULL)
        worker->close(conn, state, reason);
    return reason;
}

static void observe_closed(struct lined_conn *conn, int reason)
{
    const struct lined_observer *observer = conn->terms->observer;

    if (observer != NULL && observer->closed != NULL)
        observer->closed(observer->context, &conn->observer_slot, conn, reason);
}

static void *session_main(void *argument)
{
    struct session *session = argument;
    struct registry *registry = session->setting->registry;
    struct lined_conn *conn = &session->conn;
    int fd = conn->entry.fd;

    int reason = serve(conn, session->setting->worker);
    observe_closed(conn, reason);
    conn_finish(conn, reason);

    /* The order matters, see registry.h. */
    registry_leave(registry, &conn->entry);
    close(fd);
    conn_deinit(conn);
    free(session);
    registry_release(registry);
    return NULL;
}

int session_setting_init(struct session_setting *setting, struct registry *registry,
                         const struct lined_options *terms, const struct lined_worker *worker)
{
    *setting = (struct session_setting){.registry = registry, .terms = terms, .worker = worker};
    int error = pthread_attr_init(&setting->attributes);
    if (error != 0)
        return -error;
    INVARIANT(pthread_attr_setstacksize(&setting->attributes, STACK_SIZE) == 0);
    INVARIANT(pthread_attr_setdetachstate(&setting->attributes, PTHREAD_CREATE_DETACHED) == 0);
    return LINED_OK;
}

void session_setting_deinit(struct session_setting *setting)
{
    INVARIANT(pthread_attr_destroy(&setting->attributes) == 0);
}

/* Hands the session to a thread of its own. On failure it still belongs to the caller. */
static int run(struct session *session)
{
    const struct session_setting *setting = session->setting;
    pthread_t thread;

    if (!registry_join(setting->registry, &session->conn.entry))
        return LINED_STOPPING;
    int error = pthread_create(&thread, &setting->attributes, session_main, session);
    if (error != 0)
        registry_withdraw(setting->registry, &session->conn.entry);
    return -error;
}

int session_start(const struct session_setting *setting, int fd, const union net_address *peer)
{
    struct session *session = malloc(sizeof *session);
    int failed = -ENOMEM;

    if (session != NULL) {
        session->setting = setting;
        conn_init(&session->conn, fd, peer, setting->registry, setting->terms);
        failed = run(session);
    }
    if (failed != LINED_OK) {
        free(session);
        close(fd);
    }
    return failed;
}
