#include "kv_admin.h"

#include "kv_errors.h"
#include "resp_reply.h"

int kv_ping(struct client *client)
{
    if (client->command->count == 1)
        return resp_send_simple(client->conn, "PONG");
    if (client->command->count > 2)
        return kv_send_arity(client, "ping");
    return kv_echo(client);
}

int kv_echo(struct client *client)
{
    const struct kv_bytes *argument = &client->command->arguments[1];

    return resp_send_bulk(client->conn, argument->bytes, argument->size);
}

int kv_dbsize(struct client *client)
{
    return resp_send_number(client->conn, (long long)kv_count(client->store));
}

/* SYNC and ASYNC mean the same: all keys are removed before the reply. */
int kv_flushall(struct client *client)
{
    const struct kv_bytes *how = &client->command->arguments[1];

    if (client->command->count > 2 ||
        (client->command->count == 2 && !resp_is(how, "SYNC") && !resp_is(how, "ASYNC")))
        return kv_send_syntax(client);
    kv_clear(client->store);
    return resp_send_simple(client->conn, "OK");
}
