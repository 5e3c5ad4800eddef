/* What a worker may ask about its connection. */
#include "conn.h"
#include "lined.h"
#include "net.h"
#include "server.h"

#include <stdbool.h>

void lined_peer(const lined_conn *conn, char text[LINED_PEER_SIZE])
{
    _Static_assert(LINED_PEER_SIZE >= NET_TEXT_SIZE, "room for every address");
    net_format(&conn->peer, text);
}

bool lined_peer_gone(lined_conn *conn)
{
    return conn->peer_gone || conn->send_failed != LINED_OK ||
           registry_phase(&conn->server->registry) == REGISTRY_CUT ||
           net_connection_state(conn->entry.fd) == NET_DEAD;
}

void *lined_shared(const lined_conn *conn)
{
    return conn->server->shared;
}

lined_server *lined_conn_server(const lined_conn *conn)
{
    return conn->server;
}

lined_handle lined_conn_handle(const lined_conn *conn)
{
    return (lined_handle){.server = conn->server, .number = conn->entry.number};
}

bool lined_handle_is(lined_handle handle, lined_handle other)
{
    return handle.server == other.server && handle.number == other.number;
}
