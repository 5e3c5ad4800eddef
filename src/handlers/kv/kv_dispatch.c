#include "kv_dispatch.h"

#include "kv_auth.h"
#include "kv_command.h"
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"
#include "kv_transaction.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Finds a word in a list. prefix is the length of "config|" in the names of that list. */
static const struct kv_command *find(const struct kv_command *list, size_t prefix,
                                     struct kv_bytes word)
{
    for (; list->name != NULL; list++) {
        if (resp_is(word, list->name + prefix))
            return list;
    }
    return NULL;
}

static void error_unknown_subcommand(struct client *client, const char *name)
{
    char shown[16]; /* in upper case */
    char after[64];
    size_t size = 0;

    for (; name[size] != '\0' && size + 1 < sizeof shown; size++)
        shown[size] = (char)toupper((unsigned char)name[size]);
    shown[size] = '\0';
    snprintf(after, sizeof after, "'. Try %s HELP.", shown);
    kv_error_about(client, "unknown subcommand '", kv_argument(client, 1), after);
}

/* As in Redis, this discards a transaction, and has another text. */
static void error_exec_arity(struct client *client)
{
    kv_transaction_end(client);
    kv_reply_error(&client->reply, "EXECABORT Transaction discarded because of: wrong number of "
                                   "arguments for 'exec' command");
}

static bool has_arity(const struct kv_command *command, size_t count)
{
    return command->arity >= 0 ? count == (size_t)command->arity : count >= (size_t)-command->arity;
}

/* The command that can be executed now. NULL: there is none, and the client has the error. */
static const struct kv_command *look_up(struct client *client)
{
    size_t count = client->command->count;
    const struct kv_command *command = find(kv_commands, 0, kv_argument(client, 0));
    const char *name = command == NULL ? NULL : command->name;

    if (name != NULL && command->subcommands != NULL && count > 1)
        command = find(command->subcommands, strlen(name) + 1, kv_argument(client, 1));
    if (name == NULL)
        kv_error_unknown(client);
    else if (command == NULL)
        error_unknown_subcommand(client, name);
    else if (!has_arity(command, count) && command->run == kv_run_exec)
        error_exec_arity(client);
    else if (!has_arity(command, count))
        kv_error_arity(client, command->name);
    else if ((command->flags & KV_NO_AUTH) == 0 && kv_auth_is_missing(client))
        kv_reply_error(&client->reply, "NOAUTH Authentication required.");
    else
        return command;
    return NULL;
}

void kv_dispatch(struct client *client)
{
    kv_reply_begin(&client->reply);
    const struct kv_command *command = look_up(client);
    if (command == NULL)
        kv_transaction_fail(client);
    else if (client->transaction.is_open && (command->flags & KV_UNQUEUED) == 0)
        kv_transaction_queue(client, command);
    else
        command->run(client);
}
