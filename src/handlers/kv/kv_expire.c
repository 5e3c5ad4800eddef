/* Commands about the expiry of keys. */
#include "kv_expire.h"

#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"

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

void kv_expire_expect(struct client *client, int64_t expires)
{
    int64_t *soonest = &client->transaction.soonest;

    if (client->reply.collected == NULL)
        kv_sweeper_expect(client->sweeper, expires);
    else if (*soonest == KV_NEVER || expires < *soonest)
        *soonest = expires;
}

/* Reads the options of EXPIRE, from the fourth argument on. False: they are wrong, and the client
 * has the error. */
static bool read_conditions(struct client *client, unsigned *conditions)
{
    static const char *const names[] = {"NX", "XX", "GT", "LT"}; /* in the order of their bits */

    *conditions = 0;
    for (size_t i = 3; i < client->command->count; i++) {
        unsigned option = 0;
        while (option < 4 && !resp_is(kv_argument(client, i), names[option]))
            option++;
        if (option == 4) {
            kv_error_about(client, "Unsupported option ", kv_argument(client, i), "");
            return false;
        }
        *conditions |= 1u << option;
    }
    if ((*conditions & KV_IF_NEVER) != 0 && *conditions != KV_IF_NEVER)
        kv_reply_error(&client->reply, "ERR NX and XX, GT or LT options at the same time are not "
                                       "compatible");
    else if ((*conditions & KV_IF_LATER) != 0 && (*conditions & KV_IF_SOONER) != 0)
        kv_reply_error(&client->reply, "ERR GT and LT options at the same time are not compatible");
    else
        return true;
    return false;
}

/* Replies 1 if the expiry of the key has changed, otherwise 0. is_removed: expires has passed, so
 * that the key is removed. */
static void set_expiry(struct client *client, int64_t expires, bool is_removed, unsigned conditions)
{
    enum kv_result result =
        kv_set_expiry(client->store, kv_argument(client, 1), expires, conditions);

    if (result == KV_OK && expires != KV_NEVER && !is_removed)
        kv_expire_expect(client, expires);
    if (result == KV_NO_MEMORY)
        kv_error_no_memory(client);
    else
        kv_reply_number(&client->reply, result == KV_OK);
}

static void expire(struct client *client, long long unit_ms, const char *name)
{
    unsigned conditions;
    long long amount;
    int64_t expires;

    if (!read_conditions(client, &conditions))
        return;
    if (!resp_number(kv_argument(client, 2), &amount))
        kv_error_not_integer(client);
    else if (!kv_expiry_after(amount, unit_ms, &expires))
        kv_error_invalid_expiry(client, name);
    else
        set_expiry(client, expires, amount <= 0, conditions);
}

void kv_run_expire(struct client *client)
{
    expire(client, 1000, "expire");
}

void kv_run_pexpire(struct client *client)
{
    expire(client, 1, "pexpire");
}

void kv_run_persist(struct client *client)
{
    set_expiry(client, KV_NEVER, false, KV_IF_EXPIRES);
}

/* The milliseconds that are left. As in Redis, -1: the key does not expire, -2: there is none. */
static int64_t ms_left(struct client *client)
{
    struct kv_state state = kv_state(client->store, kv_argument(client, 1));

    if (state.version == 0)
        return -2;
    if (state.expires == KV_NEVER)
        return -1;
    int64_t left = state.expires - kv_now();
    return left > 0 ? left : 0; /* it expired after kv_state */
}

void kv_run_pttl(struct client *client)
{
    kv_reply_number(&client->reply, ms_left(client));
}

void kv_run_ttl(struct client *client)
{
    int64_t left = ms_left(client);

    kv_reply_number(&client->reply, left < 0 ? left : left / 1000 + (left % 1000 >= 500));
}
