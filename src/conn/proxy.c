/* The PROXY header: the client's address, from a proxy.
 *
 * The header is received into the line buffer, as lines are, and only its bytes are taken out. So a
 * header and the first line that come together cost one recv(2), and the first line stays where the
 * next receive looks for it. Peeking (MSG_PEEK) would return the same bytes at once, again and
 * again, while the rest of a header is on its way. The deadlines, a drain and a cut end the receive
 * of a header in the same way as that of a line. */
#include "conn.h"

#include "base/invariant.h"
#include "base/monotonic.h"
#include "net/proxy_header.h"

/* A header that is not complete after this time is bad. */
#define HEADER_MS 3000

/* Receives until there is a header, or it cannot become one. LINED_OK, or why the connection ends.
 */
static int receive_header(struct lined_conn *conn, struct proxy_header *header,
                          enum proxy_header_verdict *verdict)
{
    enum lined_proxy_protocol allowed = conn->service->options->proxy_protocol;
    const char *bytes;
    int result = LINED_OK;

    while (result == LINED_OK) {
        *verdict = proxy_header_parse(header, allowed, line_buffer_peek(&conn->in),
                                      line_buffer_unread(&conn->in));
        if (*verdict != PROXY_HEADER_MORE)
            return LINED_OK;
        INVARIANT(!line_buffer_exact(&conn->in, header->size, &bytes)); /* makes room for it */
        result = conn_stop_reason(conn);
        if (result == LINED_OK)
            result = conn_receive(conn);
    }
    return result;
}

/* Only the header is taken: the bytes behind it are lines. */
static void take_header(struct lined_conn *conn, const struct proxy_header *header)
{
    const char *bytes;

    INVARIANT(line_buffer_exact(&conn->in, header->size, &bytes));
    conn->not_delivered -= header->size;
    deadlines_line_ended(&conn->deadlines);
}

/* lined_foreach reads the address under this lock, on any thread. */
static void take_address(struct lined_conn *conn, const union net_address *address)
{
    outbox_lock(&conn->outbox);
    conn->peer = *address;
    outbox_unlock(&conn->outbox);
}

int conn_receive_proxy_header(struct lined_conn *conn)
{
    struct proxy_header header;
    enum proxy_header_verdict verdict;

    conn->deadlines.handler = monotonic_ms() + HEADER_MS;
    int result = receive_header(conn, &header, &verdict);
    conn->deadlines.handler = 0;
    /* A check of the proxy that only connects is no bad header. */
    bool has_begun = line_buffer_unread(&conn->in) > 0;
    if (result == LINED_DEADLINE || (result == LINED_EOF && has_begun))
        return LINED_BAD_PROXY_HEADER;
    if (result != LINED_OK)
        return result;
    if (verdict == PROXY_HEADER_BAD)
        return LINED_BAD_PROXY_HEADER;
    if (verdict == PROXY_HEADER_ADDRESS)
        take_address(conn, &header.address);
    take_header(conn, &header);
    return LINED_OK;
}
