/* A chat: what one client says goes to everybody else. Commands: /nick NAME, /who, /quit. Works in
 * either mode: the lock is for passive delivery, and costs next to nothing in active. */
#include "chat_text.h"

#include <lined.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 21 /* 20 characters and a NUL */

struct member {
    struct member *next;  /* the chat's lock */
    char name[NAME_SIZE]; /* the chat's lock; written by its own callbacks alone */
};

struct chat {
    pthread_mutex_t lock;
    struct member *members; /* lock */
    unsigned guests;        /* lock; how many names were made up */
};

static int start(lined_server *server, void **shared)
{
    struct chat *chat = calloc(1, sizeof *chat);

    (void)server;
    if (chat == NULL)
        return -ENOMEM;
    pthread_mutex_init(&chat->lock, NULL);
    *shared = chat;
    return LINED_OK;
}

static void stop(void *shared)
{
    struct chat *chat = shared;

    pthread_mutex_destroy(&chat->lock);
    free(chat);
}

/* To everybody but the speaker. */
__attribute__((format(printf, 2, 3))) static void tell_others(lined_conn *conn, const char *format,
                                                              ...)
{
    char text[NAME_SIZE * 2 + CHAT_TEXT_MOST + 64];
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    lined_broadcast(lined_conn_server(conn), text, (size_t)size, lined_conn_handle(conn));
}

static int tell(lined_conn *conn, const char *text)
{
    return lined_send(conn, text, strlen(text));
}

static bool is_taken_locked(const struct chat *chat, const char *name)
{
    for (const struct member *member = chat->members; member != NULL; member = member->next) {
        if (strcmp(member->name, name) == 0)
            return true;
    }
    return false;
}

static int join(lined_conn *conn, void **state)
{
    struct chat *chat = lined_shared(conn);
    struct member *member = malloc(sizeof *member);

    if (member == NULL)
        return -ENOMEM;
    pthread_mutex_lock(&chat->lock);
    do {
        snprintf(member->name, sizeof member->name, "guest%u", ++chat->guests);
    } while (is_taken_locked(chat, member->name));
    member->next = chat->members;
    chat->members = member;
    pthread_mutex_unlock(&chat->lock);
    *state = member;
    tell_others(conn, "* %s joined\r\n", member->name);
    tell(conn, "* You are ");
    tell(conn, member->name);
    return tell(conn, ". Type to talk; /nick NAME, /who, /quit.\r\n");
}

static void leave(lined_conn *conn, void *state, int reason)
{
    struct chat *chat = lined_shared(conn);
    struct member *member = state;
    struct member **link = &chat->members;

    (void)reason;
    pthread_mutex_lock(&chat->lock);
    while (*link != member)
        link = &(*link)->next;
    *link = member->next;
    pthread_mutex_unlock(&chat->lock);
    tell_others(conn, "* %s left\r\n", member->name);
    free(member);
}

static int rename_member(lined_conn *conn, struct member *member, const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    struct chat *chat = lined_shared(conn);
    char before[NAME_SIZE];
    size_t length = strlen(name);

    if (length == 0 || length >= NAME_SIZE || strspn(name, allowed) != length)
        return tell(conn, "* A name has 1 to 20 letters, digits, _ or -.\r\n");
    pthread_mutex_lock(&chat->lock);
    bool is_taken = is_taken_locked(chat, name);
    memcpy(before, member->name, sizeof before);
    if (!is_taken)
        memcpy(member->name, name, length + 1);
    pthread_mutex_unlock(&chat->lock);
    if (is_taken)
        return tell(conn, "* That name is taken.\r\n");
    tell_others(conn, "* %s is now %s\r\n", before, name);
    tell(conn, "* You are ");
    tell(conn, name);
    return tell(conn, ".\r\n");
}

static int list_members(lined_conn *conn)
{
    struct chat *chat = lined_shared(conn);
    size_t size = 0;

    /* Gathered before it is sent: sending can wait for the client, and the lock must not. */
    pthread_mutex_lock(&chat->lock);
    for (const struct member *member = chat->members; member != NULL; member = member->next)
        size += strlen(member->name) + 1;
    char *names = malloc(size + 1);
    char *end = names;
    for (const struct member *member = chat->members; member != NULL && names != NULL;
         member = member->next)
        end += sprintf(end, " %s", member->name);
    pthread_mutex_unlock(&chat->lock);
    if (names == NULL)
        return -ENOMEM;
    tell(conn, "* Here:");
    tell(conn, names);
    free(names);
    return tell(conn, "\r\n");
}

static int hear(lined_conn *conn, void *state, const char *line, size_t size)
{
    struct member *member = state;
    char text[CHAT_TEXT_MOST + 1];

    chat_clean(line, size, text);
    if (strncmp(text, "/nick ", 6) == 0)
        return rename_member(conn, member, text + 6);
    if (strcmp(text, "/who") == 0)
        return list_members(conn);
    if (strcmp(text, "/quit") == 0) {
        tell(conn, "* Bye.\r\n");
        return LINED_END;
    }
    if (text[0] == '/')
        return tell(conn, "* There are /nick NAME, /who and /quit.\r\n");
    if (text[0] != '\0')
        tell_others(conn, "<%s> %s\r\n", member->name, text);
    return LINED_OK;
}

const struct lined_worker lined_worker_chat = {
    .start = start, .stop = stop, .open = join, .line = hear, .close = leave};
