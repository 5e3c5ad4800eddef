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

/* An error of EXEC discards the transaction, and names another error without its "ERR". */
static void abort_exec(struct client *client, const char *reason)
{
    char text[128];

    kv_transaction_end(client);
    snprintf(text, sizeof text, "EXECABORT Transaction discarded because of: %s", reason);
    kv_reply_error(&client->reply, text);
}

static bool has_arity(const struct kv_command *command, size_t count)
{
    return command->arity >= 0 ? count == (size_t)command->arity : count >= (size_t)-command->arity;
}

/* NULL: the client must first send the password, and has the error. */
static const struct kv_command *check_password(struct client *client,
                                               const struct kv_command *command)
{
    static const char error[] = "NOAUTH Authentication required.";

    if ((command->flags & KV_NO_AUTH) != 0 || !kv_auth_is_missing(client))
        return command;
    if (command->run == kv_run_exec)
        abort_exec(client, error);
    else
        kv_reply_error(&client->reply, error);
    return NULL;
}

/* The command that can be executed now. NULL: there is none, and the client has the error. */
static const struct kv_command *look_up(struct client *client)
{
    size_t count = client->command->count;
    const struct kv_command *command = kv_command_find(kv_commands, 0, kv_argument(client, 0));
    const char *name = command == NULL ? NULL : command->name;

    if (name != NULL && command->subcommands != NULL && count > 1)
        command = kv_command_find(command->subcommands, strlen(name) + 1, kv_argument(client, 1));
    if (name == NULL)
        kv_error_unknown(client);
    else if (command == NULL)
        error_unknown_subcommand(client, name);
    else if (!has_arity(command, count) && command->run == kv_run_exec)
        abort_exec(client, "wrong number of arguments for 'exec' command");
    else if (!has_arity(command, count))
        kv_error_arity(client, command->name);
    else if (client->transaction.is_open && (command->flags & KV_NO_MULTI) != 0)
        kv_reply_error(&client->reply, "ERR Command not allowed inside a transaction");
    else
        return check_password(client, command);
    return NULL;
}

void kv_dispatch(struct client *client)
{
    const struct kv_command *command = look_up(client);
    if (command == NULL)
        kv_transaction_fail(client);
    else if (client->transaction.is_open && (command->flags & KV_UNQUEUED) == 0)
        kv_transaction_queue(client, command);
    else
        command->run(client);
}
