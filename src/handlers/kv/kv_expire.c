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
    if (__builtin_mul_overflow(amount, unit_ms, &ms) ||
        __builtin_add_overflow(ms, since_1970, &since_1970) ||
        __builtin_add_overflow(ms, kv_now(), expires))
        return false;
    if (*expires == KV_NEVER) /* which is a time that has passed, too */
        *expires = KV_NEVER - 1;
    return true;
}

static struct kv_bytes argument(const struct client *client, size_t i)
{
    return client->command->arguments[i];
}

/* Reads the options of EXPIRE, from the fourth argument on. False: they are wrong, and the client
 * has the error; *result is that of the send. */
static bool read_conditions(struct client *client, unsigned *conditions, int *result)
{
    const struct resp_command *command = client->command;
    static const char *const names[] = {"NX", "XX", "GT", "LT"}; /* in the order of their bits */

    *conditions = 0;
    for (size_t i = 3; i < command->count; i++) {
        unsigned option = 0;
        while (option < 4 && !resp_is(&command->arguments[i], names[option]))
            option++;
        if (option == 4) {
            *result = kv_send_about(client, "Unsupported option ", &command->arguments[i], "");
            return false;
        }
        *conditions |= 1u << option;
    }
    if ((*conditions & KV_IF_NEVER) != 0 && *conditions != KV_IF_NEVER)
        *result = resp_send_error(client->conn, "ERR NX and XX, GT or LT options at the same time "
                                                "are not compatible");
    else if ((*conditions & KV_IF_LATER) != 0 && (*conditions & KV_IF_SOONER) != 0)
        *result = resp_send_error(client->conn,
                                  "ERR GT and LT options at the same time are not compatible");
    else
        return true;
    return false;
}

static int expire(struct client *client, long long unit_ms, const char *name)
{
    unsigned conditions;
    long long amount;
    int64_t expires;
    int result;

    if (!read_conditions(client, &conditions, &result))
        return result;
    if (!resp_number(&client->command->arguments[2], &amount))
        return kv_send_not_integer(client);
    if (!kv_expiry_after(amount, unit_ms, &expires))
        return kv_send_invalid_expiry(client, name);
    enum kv_result changed = kv_set_expiry(client->store, argument(client, 1), expires, conditions);
    if (changed == KV_NO_MEMORY)
        return kv_send_no_memory(client);
    if (changed == KV_OK && amount > 0)
        kv_sweeper_expect(client->sweeper, expires);
    return resp_send_number(client->conn, changed == KV_OK);
}

int kv_do_expire(struct client *client)
{
    return expire(client, 1000, "expire");
}

int kv_do_pexpire(struct client *client)
{
    return expire(client, 1, "pexpire");
}

int kv_do_persist(struct client *client)
{
    enum kv_result result =
        kv_set_expiry(client->store, argument(client, 1), KV_NEVER, KV_IF_EXPIRES);

    if (result == KV_NO_MEMORY)
        return kv_send_no_memory(client);
    return resp_send_number(client->conn, result == KV_OK);
}

/* The milliseconds that are left. As in Redis, -1: the key does not expire, -2: there is none. */
static int64_t ms_left(struct client *client)
{
    int64_t expires;

    if (kv_expiry(client->store, argument(client, 1), &expires) != KV_OK)
        return -2;
    if (expires == KV_NEVER)
        return -1;
    int64_t left = expires - kv_now();
    return left > 0 ? left : 0; /* it expired after kv_expiry */
}

int kv_do_pttl(struct client *client)
{
    return resp_send_number(client->conn, ms_left(client));
}

int kv_do_ttl(struct client *client)
{
    int64_t left = ms_left(client);

    return resp_send_number(client->conn, left < 0 ? left : left / 1000 + (left % 1000 >= 500));
}
