/* COMMAND and its subcommands. */
#include "kv_command.h"
#include "kv_connection.h"
#include "kv_run.h"

#include <stddef.h>

/* In the order of enum kv_flag. */
static const char *const flag_names[] = {"write",    "readonly", "denyoom",   "admin",
                                         "noscript", "loading",  "stale",     "skip_slowlog",
                                         "fast",     "no_auth",  "allow_busy"};

static size_t count_of(const struct kv_command *list)
{
    size_t count = 0;

    while (list != NULL && list[count].name != NULL)
        count++;
    return count;
}

/* A command, or a subcommand: "config|get". */
static const struct kv_command *find(struct kv_bytes name)
{
    const struct kv_command *found = kv_command_find(kv_commands, 0, name);

    for (const struct kv_command *command = kv_commands; command->name != NULL && found == NULL;
         command++)
        found = kv_command_find(command->subcommands, 0, name);
    return found;
}

static void reply_flags(struct kv_reply *reply, unsigned flags)
{
    unsigned shown = flags & (KV_UNQUEUED - 1);

    kv_reply_set(reply, (size_t)__builtin_popcount(shown));
    for (size_t i = 0; shown >> i != 0; i++) {
        if ((shown >> i & 1) != 0)
            kv_reply_simple(reply, flag_names[i]);
    }
}

/* The first nine of the ten elements of Redis 7. Three of them are empty in kv: categories for
 * access control, tips and specifications of keys. */
static void reply_most(struct kv_reply *reply, const struct kv_command *command)
{
    kv_reply_array(reply, 10);
    kv_reply_text(reply, command->name);
    kv_reply_number(reply, command->arity);
    reply_flags(reply, command->flags);
    kv_reply_number(reply, command->keys.first);
    kv_reply_number(reply, command->keys.last);
    kv_reply_number(reply, command->keys.step);
    for (int i = 0; i < 3; i++)
        kv_reply_set(reply, 0);
}

/* The tenth has the subcommands, which have none of their own. */
static void reply_info(struct kv_reply *reply, const struct kv_command *command)
{
    size_t count = count_of(command->subcommands);

    reply_most(reply, command);
    kv_reply_set(reply, count);
    for (size_t i = 0; i < count; i++) {
        reply_most(reply, &command->subcommands[i]);
        kv_reply_set(reply, 0);
    }
}

void kv_run_command(struct client *client)
{
    kv_reply_array(&client->reply, count_of(kv_commands));
    for (const struct kv_command *command = kv_commands; command->name != NULL; command++)
        reply_info(&client->reply, command);
}

void kv_run_command_count(struct client *client)
{
    kv_reply_number(&client->reply, (long long)count_of(kv_commands));
}

void kv_run_command_info(struct client *client)
{
    size_t count = client->command->count;

    if (count == 2) {
        kv_run_command(client);
        return;
    }
    kv_reply_array(&client->reply, count - 2);
    for (size_t i = 2; i < count; i++) {
        const struct kv_command *command = find(kv_argument(client, i));
        if (command == NULL)
            kv_reply_null(&client->reply);
        else
            reply_info(&client->reply, command);
    }
}

/* True if COMMAND DOCS has the help of this command: it has a help, and it is asked for. */
static bool is_documented(const struct client *client, const struct kv_command *command)
{
    bool is_asked = client->command->count == 2;

    for (size_t i = 2; i < client->command->count && !is_asked; i++)
        is_asked = resp_is(kv_argument(client, i), command->name);
    return is_asked && command->help != NULL;
}

void kv_run_command_docs(struct client *client)
{
    struct kv_reply *reply = &client->reply;
    const struct kv_command *command;
    size_t count = 0;

    for (command = kv_commands; command->name != NULL; command++)
        count += is_documented(client, command);
    kv_reply_map(reply, count);
    for (command = kv_commands; command->name != NULL; command++) {
        if (!is_documented(client, command))
            continue;
        kv_reply_text(reply, command->name);
        kv_reply_map(reply, 2);
        kv_reply_text(reply, "summary");
        kv_reply_text(reply, command->help);
        /* redis-cli crashes at "help @string" if a command has no group. */
        kv_reply_text(reply, "group");
        kv_reply_text(reply, "generic");
    }
}
