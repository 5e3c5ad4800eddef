#include "kv_numbers.h"

#include "kv_errors.h"
#include "resp_reply.h"

#include <limits.h>

static int add(struct client *client, long long amount)
{
    long long sum;

    switch (kv_add(client->store, client->command->arguments[1], amount, &sum)) {
    case KV_OK:
        return resp_send_number(client->conn, sum);
    case KV_NO_MEMORY:
        return kv_send_no_memory(client);
    case KV_OVERFLOW:
        return resp_send_error(client->conn, "ERR increment or decrement would overflow");
    default:
        return kv_send_not_integer(client);
    }
}

int kv_do_incr(struct client *client)
{
    return add(client, 1);
}

int kv_do_decr(struct client *client)
{
    return add(client, -1);
}

int kv_do_decrby(struct client *client)
{
    long long amount;

    if (!resp_number(&client->command->arguments[2], &amount))
        return kv_send_not_integer(client);
    if (amount == LLONG_MIN)
        return resp_send_error(client->conn, "ERR decrement would overflow");
    return add(client, -amount);
}

int kv_do_incrby(struct client *client)
{
    long long amount;

    if (!resp_number(&client->command->arguments[2], &amount))
        return kv_send_not_integer(client);
    return add(client, amount);
}
