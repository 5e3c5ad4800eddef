#include "kv_dispatch.h"

#include "kv_auth.h"
#include "kv_command.h"
#include "kv_errors.h"
#include "resp_reply.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Finds a word in a list. prefix is the length of "config|" in the names of that list. */
static const struct kv_command *find(const struct kv_command *list, size_t prefix,
                                     const struct kv_bytes *word)
{
    for (; list->name != NULL; list++) {
        if (resp_is(word, list->name + prefix))
            return list;
    }
    return NULL;
}

static int send_unknown_subcommand(struct client *client, const char *name)
{
    char shown[16]; /* in upper case */
    char after[64];
    size_t size = 0;

    for (; name[size] != '\0' && size + 1 < sizeof shown; size++)
        shown[size] = (char)toupper((unsigned char)name[size]);
    shown[size] = '\0';
    snprintf(after, sizeof after, "'. Try %s HELP.", shown);
    return kv_send_about(client, "unknown subcommand '", &client->command->arguments[1], after);
}

static bool has_arity(const struct kv_command *command, size_t count)
{
    return command->arity >= 0 ? count == (size_t)command->arity : count >= (size_t)-command->arity;
}

int kv_dispatch(struct client *client)
{
    const struct kv_bytes *words = client->command->arguments;
    size_t count = client->command->count;
    const struct kv_command *command = find(kv_commands, 0, &words[0]);

    if (command == NULL)
        return kv_send_unknown(client);
    if (command->subcommands != NULL && count > 1) {
        const char *name = command->name;
        command = find(command->subcommands, strlen(name) + 1, &words[1]);
        if (command == NULL)
            return send_unknown_subcommand(client, name);
    }
    if (!has_arity(command, count))
        return kv_send_arity(client, command->name);
    if ((command->flags & KV_NO_AUTH) == 0 && kv_auth_is_missing(client))
        return resp_send_error(client->conn, "NOAUTH Authentication required.");
    return command->run(client);
}
