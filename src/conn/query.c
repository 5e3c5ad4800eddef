/* Questions about a connection, of its handler and of other threads. */
#include "conn.h"

#include "base/monotonic.h"
#include "lined.h"
#include "net/address.h"
#include "net/peer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static size_t size_of(const union net_address *address)
{
    switch (address->any.sa_family) {
    case AF_INET:
        return sizeof address->v4;
    case AF_INET6:
        return sizeof address->v6;
    default:
        return sizeof address->any.sa_family;
    }
}

static size_t copy_address(const union net_address *from, struct sockaddr *to, size_t size)
{
    size_t whole = size_of(from);

    memcpy(to, from, size < whole ? size : whole);
    return whole;
}

void lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE])
{
    _Static_assert(LINED_PEER_SIZE >= ADDRESS_SIZE && LINED_PEER_SIZE >= LISTENER_NAME_SIZE,
                   "room for every address");
    if (conn->peer.any.sa_family == AF_UNIX)
        snprintf(text, LINED_PEER_SIZE, "%s", conn->listener->name);
    else
        address_format(&conn->peer, text);
}

size_t lined_peer_address(const lined_conn *conn, struct sockaddr *address, size_t size)
{
    return copy_address(&conn->peer, address, size);
}

/* A Unix socket may have a path that is longer than the union: only its family counts. */
size_t lined_local_address(const lined_conn *conn, struct sockaddr *address, size_t size)
{
    union net_address local = {.any.sa_family = AF_UNIX};
    socklen_t room = sizeof local;

    if (getsockname(conn->entry.fd, &local.any, &room) != 0)
        local = address_none;
    else
        address_unmap(&local);
    return copy_address(&local, address, size);
}

/* ---- for other threads ---- */

void conn_info_locked(const struct table_entry *entry, struct lined_conn_info *info)
{
    _Static_assert(offsetof(struct lined_conn, entry) == 0, "an entry begins its connection");
    const struct lined_conn *conn = (const struct lined_conn *)entry;

    info->handle = lined_conn_handle(conn);
    lined_peer(conn, info->peer);
    info->age_ms = (uint64_t)(monotonic_ms() - conn->accepted_ms);
    info->lines = atomic_load_explicit(&conn->sums.lines, memory_order_relaxed);
    info->bytes_in = atomic_load_explicit(&conn->sums.bytes_in, memory_order_relaxed);
    info->bytes_out =
        atomic_load_explicit(&conn->sums.bytes_out, memory_order_relaxed) + conn->outbox.sent;
}

/* The wake-up of a connection that ends is not seen. */
void conn_wake_locked(struct table_entry *entry)
{
    struct lined_conn *conn = (struct lined_conn *)entry;

    waker_set(&conn->waker);
}

/* ---- for the handler ---- */

bool lined_peer_gone(lined_conn *conn)
{
    return conn->peer_gone || conn->send_failed != LINED_OK ||
           lifecycle_phase(conn->service->lifecycle) == LIFECYCLE_CUT ||
           peer_state(conn->entry.fd) == PEER_DEAD;
}

lined_server *lined_conn_server(const lined_conn *conn)
{
    return conn->service->server;
}

lined_handle lined_conn_handle(const lined_conn *conn)
{
    return (lined_handle){.server = conn->service->server, .number = conn->entry.number};
}

uint64_t lined_conn_received(const lined_conn *conn)
{
    return conn->received;
}

bool lined_handle_is(lined_handle handle, lined_handle other)
{
    return handle.server == other.server && handle.number == other.number;
}
