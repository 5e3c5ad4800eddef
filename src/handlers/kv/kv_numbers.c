/* Commands that change a value which is a number. */
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"

#include <limits.h>

static void add(struct client *client, long long amount)
{
    long long sum;

    switch (kv_add(client->store, kv_argument(client, 1), amount, &sum)) {
    case KV_OK:
        kv_reply_number(&client->reply, sum);
        break;
    case KV_NO_MEMORY:
        kv_error_no_memory(client);
        break;
    case KV_OVERFLOW:
        kv_reply_error(&client->reply, "ERR increment or decrement would overflow");
        break;
    default:
        kv_error_not_integer(client);
    }
}

void kv_run_incr(struct client *client)
{
    add(client, 1);
}

void kv_run_decr(struct client *client)
{
    add(client, -1);
}

void kv_run_incrby(struct client *client)
{
    long long amount;

    if (resp_number(kv_argument(client, 2), &amount))
        add(client, amount);
    else
        kv_error_not_integer(client);
}

void kv_run_decrby(struct client *client)
{
    long long amount;

    if (!resp_number(kv_argument(client, 2), &amount))
        kv_error_not_integer(client);
    else if (amount == LLONG_MIN)
        kv_reply_error(&client->reply, "ERR decrement would overflow");
    else
        add(client, -amount);
}
