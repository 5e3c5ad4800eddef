/* What was received goes to the handler: its callbacks line, text and deadline. */
#include "conn.h"

#include "lined.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* False: there is no memory. The old text is not kept. */
static bool make_room(struct block *text, size_t room)
{
    if (room <= text->size)
        return true;
    block_free(text);
    return block_grow(text, room);
}

/* How long the line is without LF, or CR and LF. */
static size_t text_length(const char *line, size_t size)
{
    if (size == 0 || line[size - 1] != '\n')
        return size;
    return size >= 2 && line[size - 2] == '\r' ? size - 2 : size - 1;
}

int conn_make_text(struct lined_conn *conn, const char *line, size_t size, bool is_body,
                   char **text, size_t *length)
{
    *length = is_body ? size : text_length(line, size);
    if (!make_room(&conn->text, *length + 1))
        return -ENOMEM;
    *text = conn->text.data;
    memcpy(*text, line, *length);
    (*text)[*length] = '\0';
    return LINED_OK;
}

int conn_deliver(struct lined_conn *conn, void *state, const char *line, size_t size, bool is_body)
{
    const struct service *service = conn->service;
    char *text;
    size_t length;

    if (service->handler->line != NULL)
        return service->handler->line(service->context, conn, state, line, size);
    int result = conn_make_text(conn, line, size, is_body, &text, &length);
    return result == LINED_OK ? service->handler->text(service->context, conn, state, text, length)
                              : result;
}

int conn_deliver_deadline(struct lined_conn *conn, void *state)
{
    const struct service *service = conn->service;

    conn->deadlines.handler = 0;
    return service->handler->deadline == NULL
               ? LINED_DEADLINE
               : service->handler->deadline(service->context, conn, state);
}

int lined_expect(lined_conn *conn, size_t size)
{
    if (conn->service->handler->task != NULL)
        return -EINVAL;
    if (size > LINED_EXACT_MAX)
        return -EMSGSIZE;
    conn->expected = size;
    conn->has_changed = size > 0;
    return LINED_OK;
}
