#include "max_connections.h"

#include "base/thread.h"
#include "command/admin/admin.h"
#include "listen.h"
#include "message.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>

/* Descriptors of --log-file, which is opened again before the old one is closed, and of --config.
 */
static uint64_t count_files(const struct options *options)
{
    uint64_t log = options->log_file != NULL && !options->quiet ? 2 : 0;

    return options->config != NULL ? log + 1 : log;
}

/* Descriptors of rejected clients, at most. */
static uint64_t count_rejected(const struct options *options, uint64_t listeners, bool has_admin)
{
    bool can_reject =
        options->server.overflow == LINED_OVERFLOW_REJECT || options->server.max_per_ip > 0;

    return (uint64_t)LIMITS_LISTENER_REJECTED *
           ((can_reject ? listeners : 0) + (has_admin ? 1 : 0));
}

const char *max_connections_choose(struct options *options, const struct activation *activation,
                                   const struct lined_handler *handler, uid_t user,
                                   struct limits_bound *bound)
{
    const bool has_admin = admin_is_wanted(options, activation);
    struct limits limits;

    limits_raise();
    limits_read(&limits, "", user);
    limits.listeners = listen_count(options, activation, &limits.listeners_inherited);
    limits.files = count_files(options);
    limits.rejected = count_rejected(options, limits.listeners, has_admin);
    limits.admin_descriptors = has_admin ? ADMIN_DESCRIPTORS : 0;
    limits.admin_threads = has_admin ? ADMIN_THREADS : 0;
    limits.stack_kb =
        (options->server.stack_size == 0 ? THREAD_STACK_SIZE : options->server.stack_size) / 1024;
    limits.have_events = handler->wakeable;
    *bound = limits_connections(&limits);
    if (bound->connections == 0) {
        message(MESSAGE_ERROR,
                "cannot serve: %s allows lined %" PRIu64 " %s, but lined needs %" PRIu64
                ", and more for each connection: raise this limit (%s)",
                bound->name, bound->left, bound->unit, bound->own, bound->raised_by);
        return NULL;
    }
    if (options->server.max_connections > 0)
        return options_name(options, "--max-connections");
    options->server.max_connections = bound->connections;
    return bound->name;
}

/* The user's limit stays valid, even above the limits of the system: clients then wait when a
 * resource runs out. */
void max_connections_report(size_t max, const struct limits_bound *bound)
{
    const char *connections = max == 1 ? "connection" : "connections";

    if (max <= bound->connections)
        message(MESSAGE_INFO, "at most %zu %s at a time", max, connections);
    else
        message(MESSAGE_WARNING,
                "at most %zu %s at a time, but %s allows about %zu: raise this limit (%s)", max,
                connections, bound->name, bound->connections, bound->raised_by);
}
