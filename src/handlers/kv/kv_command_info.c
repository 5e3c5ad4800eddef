#include "kv_command_info.h"

#include "kv_command.h"
#include "resp_reply.h"

#include <stddef.h>

static const char *const flag_names[] = {"write",   "readonly", "denyoom", "admin",   "noscript",
                                         "loading", "stale",    "fast",    "no_auth", "allow_busy"};

static size_t count_of(const struct kv_command *list)
{
    size_t count = 0;

    while (list != NULL && list[count].name != NULL)
        count++;
    return count;
}

/* A command, or a subcommand: "config|get". */
static const struct kv_command *find(const struct kv_command *list, const struct kv_bytes *name)
{
    const struct kv_command *found = NULL;

    for (; list != NULL && list->name != NULL && found == NULL; list++)
        found = resp_is(name, list->name) ? list : find(list->subcommands, name);
    return found;
}

static int send_flags(struct client *client, unsigned flags)
{
    int result = resp_send_set(client->conn, client->protocol, (size_t)__builtin_popcount(flags));

    for (size_t i = 0; flags >> i != 0 && result == LINED_OK; i++) {
        if ((flags >> i & 1) != 0)
            result = resp_send_simple(client->conn, flag_names[i]);
    }
    return result;
}

/* Redis has lists of three more kinds here: categories for access control, tips and
 * specifications of keys. In kv they are empty. */
static int send_empty_lists(struct client *client)
{
    int result = LINED_OK;

    for (int i = 0; i < 3 && result == LINED_OK; i++)
        result = resp_send_set(client->conn, client->protocol, 0);
    return result;
}

static int send_each(struct client *client, const struct kv_command *list);

/* The ten elements of Redis 7. */
static int send_info(struct client *client, const struct kv_command *command)
{
    const long long keys[] = {command->keys.first, command->keys.last, command->keys.step};
    int result = resp_send_array(client->conn, 10);

    if (result == LINED_OK)
        result = resp_send_text(client->conn, command->name);
    if (result == LINED_OK)
        result = resp_send_number(client->conn, command->arity);
    if (result == LINED_OK)
        result = send_flags(client, command->flags);
    for (size_t i = 0; i < 3 && result == LINED_OK; i++)
        result = resp_send_number(client->conn, keys[i]);
    if (result == LINED_OK)
        result = send_empty_lists(client);
    if (result == LINED_OK)
        result = resp_send_set(client->conn, client->protocol, count_of(command->subcommands));
    return result == LINED_OK ? send_each(client, command->subcommands) : result;
}

/* The header has been sent. */
static int send_each(struct client *client, const struct kv_command *list)
{
    int result = LINED_OK;

    for (; list != NULL && list->name != NULL && result == LINED_OK; list++)
        result = send_info(client, list);
    return result;
}

int kv_command_all(struct client *client)
{
    int result = resp_send_array(client->conn, count_of(kv_commands));

    return result == LINED_OK ? send_each(client, kv_commands) : result;
}

int kv_command_count(struct client *client)
{
    return resp_send_number(client->conn, (long long)count_of(kv_commands));
}

int kv_command_info(struct client *client)
{
    const struct resp_command *words = client->command;

    if (words->count == 2)
        return kv_command_all(client);
    int result = resp_send_array(client->conn, words->count - 2);
    for (size_t i = 2; i < words->count && result == LINED_OK; i++) {
        const struct kv_command *command = find(kv_commands, &words->arguments[i]);
        result = command == NULL ? resp_send_null(client->conn, client->protocol)
                                 : send_info(client, command);
    }
    return result;
}

/* True if COMMAND DOCS has the help of this command: it has a help, and it is asked for. */
static bool is_documented(const struct client *client, const struct kv_command *command)
{
    const struct resp_command *words = client->command;
    bool is_asked = words->count == 2;

    for (size_t i = 2; i < words->count && !is_asked; i++)
        is_asked = resp_is(&words->arguments[i], command->name);
    return is_asked && command->help != NULL;
}

int kv_command_docs(struct client *client)
{
    const struct kv_command *command;
    size_t count = 0;

    for (command = kv_commands; command->name != NULL; command++)
        count += is_documented(client, command);
    int result = resp_send_map(client->conn, client->protocol, count);
    for (command = kv_commands; command->name != NULL && result == LINED_OK; command++) {
        if (!is_documented(client, command))
            continue;
        result = resp_send_text(client->conn, command->name);
        if (result == LINED_OK)
            result = resp_send_map(client->conn, client->protocol, 1);
        if (result == LINED_OK)
            result = resp_send_text(client->conn, "summary");
        if (result == LINED_OK)
            result = resp_send_text(client->conn, command->help);
    }
    return result;
}
