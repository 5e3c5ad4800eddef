#include "kv_keys.h"

#include "kv_errors.h"
#include "kv_value.h"
#include "resp_reply.h"

#include <stdlib.h>

int kv_do_get(struct client *client)
{
    return kv_send_value(client, kv_get(client->store, client->command->arguments[1]));
}

static int send_values(struct client *client, struct kv_entry **entries, size_t count)
{
    int result = resp_send_array(client->conn, count);
    size_t sent = 0;

    while (sent < count && result == LINED_OK)
        result = kv_send_value(client, entries[sent++]);
    while (sent < count)
        kv_entry_release(entries[sent++]);
    return result;
}

int kv_do_mget(struct client *client)
{
    size_t count = client->command->count - 1;
    struct kv_entry **entries = malloc(count * sizeof(struct kv_entry *));

    if (entries == NULL)
        return kv_send_no_memory(client);
    kv_get_several(client->store, &client->command->arguments[1], count, entries);
    int result = send_values(client, entries, count);
    free(entries);
    return result;
}

int kv_do_mset(struct client *client)
{
    size_t count = client->command->count - 1;

    if (count % 2 != 0)
        return kv_send_arity(client, "mset");
    if (kv_set_several(client->store, &client->command->arguments[1], count / 2) != KV_OK)
        return kv_send_no_memory(client);
    return resp_send_simple(client->conn, "OK");
}

int kv_do_del(struct client *client)
{
    const struct resp_command *command = client->command;
    size_t deleted = kv_delete(client->store, &command->arguments[1], command->count - 1);

    return resp_send_number(client->conn, (long long)deleted);
}

int kv_do_exists(struct client *client)
{
    const struct resp_command *command = client->command;
    size_t found = kv_count_of(client->store, &command->arguments[1], command->count - 1);

    return resp_send_number(client->conn, (long long)found);
}
