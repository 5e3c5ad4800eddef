/* What was received goes to the handler: its callbacks line, text and deadline. */
#include "conn.h"

#include "lined.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* False: there is no memory. The old text is not kept. */
static bool make_room(struct lined_conn *conn, size_t room)
{
    if (room <= conn->text_room)
        return true;
    free(conn->text);
    conn->text = malloc(room);
    conn->text_room = conn->text == NULL ? 0 : room;
    return conn->text != NULL;
}

static int make_text(struct lined_conn *conn, const char *bytes, size_t size)
{
    if (!make_room(conn, size + 1))
        return -ENOMEM;
    memcpy(conn->text, bytes, size);
    conn->text[size] = '\0';
    return LINED_OK;
}

/* How long the line is without LF, or CR and LF. */
static size_t text_length(const char *line, size_t size)
{
    if (size == 0 || line[size - 1] != '\n')
        return size;
    return size >= 2 && line[size - 2] == '\r' ? size - 2 : size - 1;
}

int conn_make_text(struct lined_conn *conn, const char *line, size_t size, char **text,
                   size_t *length)
{
    size_t wanted = text_length(line, size);
    int result = make_text(conn, line, wanted);

    *text = conn->text;
    *length = wanted;
    return result;
}

int conn_deliver(struct lined_conn *conn, void *state, const char *line, size_t size, bool is_body)
{
    const struct service *service = conn->service;
    const struct lined_handler *handler = service->handler;

    if (handler->line != NULL)
        return handler->line(service->context, conn, state, line, size);
    size_t length = is_body ? size : text_length(line, size);
    int result = make_text(conn, line, length);
    return result == LINED_OK ? handler->text(service->context, conn, state, conn->text, length)
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
    return LINED_OK;
}
