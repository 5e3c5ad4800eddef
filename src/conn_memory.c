#include "conn.h"
#include "server.h"

static bool has_grown(const struct lined_conn *conn)
{
    return line_has_grown(&conn->in) || out_has_grown(&conn->out);
}

/* True where that ends a burst. */
static bool end_grown(struct lined_conn *conn)
{
    bool was_grown = conn->is_grown;

    conn->is_grown = false;
    return was_grown && grown_end(&conn->server->grown);
}

bool conn_note_grown(struct lined_conn *conn)
{
    bool is_grown = has_grown(conn);

    if (is_grown && !conn->is_grown) {
        conn->is_grown = true;
        grown_begin(&conn->server->grown);
    }
    return is_grown;
}

void conn_shrink(struct lined_conn *conn)
{
    line_shrink(&conn->in);
    out_shrink(&conn->out);
    if (!has_grown(conn) && end_grown(conn))
        server_receded(conn->server);
}

void conn_deinit(struct lined_conn *conn)
{
    outbox_deinit(&conn->entry.outbox);
    line_deinit(&conn->in);
    out_deinit(&conn->out);
    end_grown(conn); /* nobody is told: the threads that end will be counted, too */
}
