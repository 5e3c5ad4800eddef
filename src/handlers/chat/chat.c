/* A chat: each line of a client goes to all others. Commands: /nick NAME, /who, /quit. It works in
 * both modes. */
#include "chat.h"

#include "chat_names.h"
#include "chat_text.h"

#include <lined.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct member {
    struct chat_name
        *name; /* owned, and in the set of names; only the member's own callbacks change it */
};

int chat_init(lined_server *server, const struct lined_options *options, void **context)
{
    struct chat_names *names = calloc(1, sizeof *names);

    (void)server;
    (void)options;
    if (names == NULL)
        return -ENOMEM;
    chat_names_init(names);
    *context = names;
    return LINED_OK;
}

void chat_fini(void *context)
{
    chat_names_deinit(context);
    free(context);
}

/* Sends to all members except this one. */
__attribute__((format(printf, 2, 3))) static void tell_others(lined_conn *conn, const char *format,
                                                              ...)
{
    char text[CHAT_NAME_SIZE * 2 + CHAT_TEXT_MOST + 64];
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    lined_broadcast(lined_conn_server(conn), text, (size_t)size, lined_conn_handle(conn));
}

/* When the server ends, all members leave, and none is told of the others. */
static void leave(void *context, lined_conn *conn, void *state, int reason)
{
    struct member *member = state;

    if (reason != LINED_STOPPING && reason != LINED_CUT)
        tell_others(conn, "* %s left\r\n", member->name->text);
    chat_names_give_back(context, member->name);
    free(member->name);
    free(member);
}

/* Makes a member with a free guest name. LINED_OK or -ENOMEM. */
static int make_member(struct chat_names *names, struct member **made)
{
    struct member *member = malloc(sizeof *member);
    struct chat_name *name = malloc(sizeof *name);
    int result = -ENOMEM;

    if (member != NULL && name != NULL)
        result = chat_names_take_guest(names, name);
    if (result != LINED_OK) {
        free(member);
        free(name);
        return result;
    }
    member->name = name;
    *made = member;
    return LINED_OK;
}

static int join(void *context, lined_conn *conn, void **state)
{
    struct member *member;

    if (lined_peer_gone(conn)) /* no message to the others */
        return LINED_RESET;
    int result = make_member(context, &member);
    if (result != LINED_OK)
        return result;
    tell_others(conn, "* %s joined\r\n", member->name->text);
    result = lined_printf(conn, "* You are %s. Type to talk; /nick NAME, /who, /quit.\r\n",
                          member->name->text);
    if (result != LINED_OK)
        leave(context, conn, member, result);
    *state = member;
    return result;
}

static int rename_member(struct chat_names *names, lined_conn *conn, struct member *member,
                         const char *text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strlen(text);

    if (length == 0 || length >= CHAT_NAME_SIZE || strspn(text, allowed) != length)
        return lined_puts(conn, "* A name has 1 to 20 letters, digits, _ or -.\r\n");
    struct chat_name *name = malloc(sizeof *name);
    if (name == NULL)
        return -ENOMEM;
    memcpy(name->text, text, length + 1);
    int result = chat_names_take(names, name);
    if (result != LINED_OK) {
        free(name);
        return result == -EEXIST ? lined_puts(conn, "* That name is taken.\r\n") : result;
    }
    tell_others(conn, "* %s is now %s\r\n", member->name->text, name->text);
    chat_names_give_back(names, member->name);
    free(member->name);
    member->name = name;
    return lined_printf(conn, "* You are %s.\r\n", name->text);
}

static int send_names(struct chat_names *names, lined_conn *conn)
{
    char *list = chat_names_list(names);

    if (list == NULL)
        return -ENOMEM;
    int result = lined_printf(conn, "* Here:%s\r\n", list);
    free(list);
    return result;
}

static int hear(void *context, lined_conn *conn, void *state, const char *line, size_t size)
{
    struct member *member = state;
    char text[CHAT_TEXT_MOST + 1];

    if (lined_peer_gone(conn)) /* its lines before the reset are not passed on */
        return LINED_RESET;
    chat_clean(line, size, text);
    if (strncmp(text, "/nick ", 6) == 0)
        return rename_member(context, conn, member, text + 6);
    if (strcmp(text, "/who") == 0)
        return send_names(context, conn);
    if (strcmp(text, "/quit") == 0) {
        int result = lined_puts(conn, "* Bye.\r\n");
        return result == LINED_OK ? LINED_END : result;
    }
    if (text[0] == '/')
        return lined_puts(conn, "* There are /nick NAME, /who and /quit.\r\n");
    if (text[0] != '\0')
        tell_others(conn, "<%s> %s\r\n", member->name->text, text);
    return LINED_OK;
}

const struct lined_handler lined_handler_chat = {.open = join, .line = hear, .close = leave};
