#include "kv_errors.h"

#include <stdio.h>

#define SHOWN_MOST 128u

/* Writes the first most bytes of a word, terminated. */
static void show(char text[SHOWN_MOST + 1], struct kv_bytes word, size_t most)
{
    size_t length = word.size < most ? word.size : most;

    for (size_t i = 0; i < length; i++)
        text[i] = resp_shown(word.bytes[i]);
    text[length] = '\0';
}

void kv_error_about(struct client *client, const char *before, struct kv_bytes word,
                    const char *after)
{
    char shown[SHOWN_MOST + 1];
    char text[SHOWN_MOST + 128];

    show(shown, word, SHOWN_MOST);
    snprintf(text, sizeof text, "ERR %s%s%s", before, shown, after);
    kv_reply_error(&client->reply, text);
}

void kv_error_arity(struct client *client, const char *name)
{
    char text[96];

    snprintf(text, sizeof text, "ERR wrong number of arguments for '%s' command", name);
    kv_reply_error(&client->reply, text);
}

void kv_error_syntax(struct client *client)
{
    kv_reply_error(&client->reply, "ERR syntax error");
}

void kv_error_not_integer(struct client *client)
{
    kv_reply_error(&client->reply, "ERR value is not an integer or out of range");
}

void kv_error_invalid_expiry(struct client *client, const char *name)
{
    char text[96];

    snprintf(text, sizeof text, "ERR invalid expire time in '%s' command", name);
    kv_reply_error(&client->reply, text);
}

void kv_error_no_memory(struct client *client)
{
    kv_reply_error(&client->reply, "OOM command not allowed when used memory > 'maxmemory'.");
}

void kv_error_protocol(struct client *client, const char *problem)
{
    char text[128];

    snprintf(text, sizeof text, "ERR Protocol error: %s", problem);
    kv_reply_error(&client->reply, text);
}

void kv_error_unknown(struct client *client)
{
    const struct resp_command *command = client->command;
    char shown[SHOWN_MOST + 1];
    char arguments[SHOWN_MOST + 4] =
        ""; /* the quotes and the blank of the last argument may exceed the maximum */
    char text[2 * SHOWN_MOST + 64];
    size_t used = 0;

    for (size_t i = 1; i < command->count && used < SHOWN_MOST; i++) {
        show(shown, command->arguments[i], SHOWN_MOST - used);
        used += (size_t)snprintf(arguments + used, sizeof arguments - used, "'%s' ", shown);
    }
    show(shown, command->arguments[0], SHOWN_MOST);
    snprintf(text, sizeof text, "ERR unknown command '%s', with args beginning with: %s", shown,
             arguments);
    kv_reply_error(&client->reply, text);
}
