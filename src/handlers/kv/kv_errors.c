#include "kv_errors.h"

#include "resp_reply.h"

#include <stdio.h>

#define SHOWN_MOST 128u

/* Writes the first most bytes of a word, terminated. */
static void show(char text[SHOWN_MOST + 1], const struct kv_bytes *word, size_t most)
{
    size_t length = word->size < most ? word->size : most;

    for (size_t i = 0; i < length; i++)
        text[i] = resp_shown(word->bytes[i]);
    text[length] = '\0';
}

int kv_send_about(struct client *client, const char *before, const struct kv_bytes *word,
                  const char *after)
{
    char shown[SHOWN_MOST + 1];
    char text[SHOWN_MOST + 128];

    show(shown, word, SHOWN_MOST);
    snprintf(text, sizeof text, "ERR %s%s%s", before, shown, after);
    return resp_send_error(client->conn, text);
}

int kv_send_arity(struct client *client, const char *name)
{
    char text[96];

    snprintf(text, sizeof text, "ERR wrong number of arguments for '%s' command", name);
    return resp_send_error(client->conn, text);
}

int kv_send_syntax(struct client *client)
{
    return resp_send_error(client->conn, "ERR syntax error");
}

int kv_send_not_integer(struct client *client)
{
    return resp_send_error(client->conn, "ERR value is not an integer or out of range");
}

int kv_send_invalid_expiry(struct client *client, const char *name)
{
    char text[96];

    snprintf(text, sizeof text, "ERR invalid expire time in '%s' command", name);
    return resp_send_error(client->conn, text);
}

int kv_send_no_memory(struct client *client)
{
    return resp_send_error(client->conn, "OOM command not allowed: out of memory");
}

int kv_send_unknown(struct client *client)
{
    const struct resp_command *command = client->command;
    char shown[SHOWN_MOST + 1];
    char arguments[SHOWN_MOST + 4] =
        ""; /* the quotes and the blank of the last argument may exceed the maximum */
    char text[2 * SHOWN_MOST + 64];
    size_t used = 0;

    for (size_t i = 1; i < command->count && used < SHOWN_MOST; i++) {
        show(shown, &command->arguments[i], SHOWN_MOST - used);
        used += (size_t)snprintf(arguments + used, sizeof arguments - used, "'%s' ", shown);
    }
    show(shown, &command->arguments[0], SHOWN_MOST);
    snprintf(text, sizeof text, "ERR unknown command '%s', with args beginning with: %s", shown,
             arguments);
    return resp_send_error(client->conn, text);
}
