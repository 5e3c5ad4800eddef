#include "kv_expire.h"

#include "kv_errors.h"
#include "resp_reply.h"

#include <time.h>

bool kv_expiry_after(long long amount, long long unit_ms, int64_t *expires)
{
    struct timespec now;
    int64_t ms;

    clock_gettime(CLOCK_REALTIME, &now);
    int64_t since_1970 = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return !__builtin_mul_overflow(amount, unit_ms, &ms) &&
           !__builtin_add_overflow(ms, since_1970, &since_1970) &&
           !__builtin_add_overflow(ms, kv_now(), expires);
}

static struct kv_bytes argument(const struct client *client, size_t i)
{
    return client->command->arguments[i];
}

/* A time that has passed deletes the key, as in Redis. */
static int set_expiry(struct client *client, long long seconds, int64_t expires)
{
    struct kv_bytes key = argument(client, 1);

    if (seconds <= 0)
        return resp_send_number(client->conn, (long long)kv_delete(client->store, &key, 1));
    enum kv_result result = kv_set_expiry(client->store, key, expires);
    if (result == KV_NO_MEMORY)
        return kv_send_no_memory(client);
    if (result == KV_OK)
        kv_sweeper_expect(client->sweeper, expires);
    return resp_send_number(client->conn, result == KV_OK);
}

int kv_do_expire(struct client *client)
{
    long long seconds;
    int64_t expires;

    if (client->command->count > 3)
        return kv_send_about(client, "Unsupported option ", &client->command->arguments[3], "");
    if (!resp_number(&client->command->arguments[2], &seconds))
        return kv_send_not_integer(client);
    if (!kv_expiry_after(seconds, 1000, &expires))
        return resp_send_error(client->conn, "ERR invalid expire time in 'expire' command");
    return set_expiry(client, seconds, expires);
}

int kv_do_ttl(struct client *client)
{
    int64_t expires;

    if (kv_expiry(client->store, argument(client, 1), &expires) != KV_OK)
        return resp_send_number(client->conn, -2);
    if (expires == KV_NEVER)
        return resp_send_number(client->conn, -1);
    int64_t left = expires - kv_now();
    return resp_send_number(client->conn, left / 1000 + (left % 1000 >= 500));
}
