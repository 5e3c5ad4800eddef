#include "kv_commands.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char not_integer[] = "ERR value is not an integer or out of range";
static const char syntax_error[] = "ERR syntax error";
static const char no_memory[] = "OOM command not allowed: out of memory";

static struct kv_bytes argument(const struct client *client, size_t i)
{
    const struct resp_argument *argument = &client->command->arguments[i];

    return (struct kv_bytes){argument->bytes, argument->size};
}

static int send_value(struct client *client, size_t key)
{
    switch (kv_get(client->store, argument(client, key), &client->value)) {
    case KV_OK:
        return resp_send_bulk(client->conn, client->value.bytes, client->value.size);
    case KV_NO_MEMORY:
        return resp_send_error(client->conn, no_memory);
    default:
        return resp_send_null(client->conn);
    }
}

static int do_ping(struct client *client)
{
    if (client->command->count == 1)
        return resp_send_simple(client->conn, "PONG");
    return resp_send_bulk(client->conn, argument(client, 1).bytes, argument(client, 1).size);
}

static int do_echo(struct client *client)
{
    return resp_send_bulk(client->conn, argument(client, 1).bytes, argument(client, 1).size);
}

static int do_get(struct client *client)
{
    return send_value(client, 1);
}

static int do_mget(struct client *client)
{
    resp_send_array(client->conn, client->command->count - 1);
    for (size_t i = 1; i + 1 < client->command->count; i++)
        send_value(client, i);
    return send_value(client, client->command->count - 1);
}

/* The time that an amount of units from now is. False: there is no such time. */
static bool expiry(long long amount, long long unit_ms, int64_t *expires)
{
    int64_t ms;

    return !__builtin_mul_overflow(amount, unit_ms, &ms) &&
           !__builtin_add_overflow(ms, kv_now(), expires);
}

/* SET's options, from the fourth argument on. Returns the error, or NULL. */
static const char *read_set_options(const struct client *client, int64_t *expires,
                                    enum kv_condition *condition)
{
    const struct resp_command *command = client->command;

    *expires = KV_NEVER;
    *condition = KV_ALWAYS;
    for (size_t i = 3; i < command->count; i++) {
        const struct resp_argument *option = &command->arguments[i];
        bool is_ex = resp_is(option, "EX");
        long long amount;
        if ((resp_is(option, "NX") || resp_is(option, "XX")) && *condition == KV_ALWAYS) {
            *condition = resp_is(option, "NX") ? KV_IF_ABSENT : KV_IF_PRESENT;
        } else if ((is_ex || resp_is(option, "PX")) && *expires == KV_NEVER &&
                   i + 1 < command->count) {
            if (!resp_number(&command->arguments[++i], &amount))
                return not_integer;
            if (amount <= 0 || !expiry(amount, is_ex ? 1000 : 1, expires))
                return "ERR invalid expire time in 'set' command";
        } else {
            return syntax_error;
        }
    }
    return NULL;
}

static int do_set(struct client *client)
{
    int64_t expires;
    enum kv_condition condition;
    const char *error = read_set_options(client, &expires, &condition);

    if (error != NULL)
        return resp_send_error(client->conn, error);
    switch (kv_set(client->store, argument(client, 1), argument(client, 2), expires, condition)) {
    case KV_OK:
        return resp_send_simple(client->conn, "OK");
    case KV_NO_MEMORY:
        return resp_send_error(client->conn, no_memory);
    default:
        return resp_send_null(client->conn);
    }
}

static int do_mset(struct client *client)
{
    if (client->command->count % 2 == 0)
        return resp_send_error(client->conn, "ERR wrong number of arguments for 'mset' command");
    for (size_t i = 1; i < client->command->count; i += 2) {
        if (kv_set(client->store, argument(client, i), argument(client, i + 1), KV_NEVER,
                   KV_ALWAYS) != KV_OK)
            return resp_send_error(client->conn, no_memory);
    }
    return resp_send_simple(client->conn, "OK");
}

static int do_del(struct client *client)
{
    long long count = 0;

    for (size_t i = 1; i < client->command->count; i++)
        count += kv_delete(client->store, argument(client, i)) == KV_OK;
    return resp_send_number(client->conn, count);
}

static int do_exists(struct client *client)
{
    long long count = 0;
    int64_t unused;

    for (size_t i = 1; i < client->command->count; i++)
        count += kv_expiry(client->store, argument(client, i), &unused) == KV_OK;
    return resp_send_number(client->conn, count);
}

static int add(struct client *client, long long amount)
{
    long long sum;

    switch (kv_add(client->store, argument(client, 1), amount, &sum)) {
    case KV_OK:
        return resp_send_number(client->conn, sum);
    case KV_NO_MEMORY:
        return resp_send_error(client->conn, no_memory);
    case KV_OVERFLOW:
        return resp_send_error(client->conn, "ERR increment or decrement would overflow");
    default:
        return resp_send_error(client->conn, not_integer);
    }
}

static int do_incr(struct client *client)
{
    return add(client, 1);
}

static int do_decr(struct client *client)
{
    return add(client, -1);
}

static int do_incrby(struct client *client)
{
    long long amount;

    if (!resp_number(&client->command->arguments[2], &amount))
        return resp_send_error(client->conn, not_integer);
    return add(client, amount);
}

static int do_expire(struct client *client)
{
    long long seconds;
    int64_t expires;

    if (!resp_number(&client->command->arguments[2], &seconds))
        return resp_send_error(client->conn, not_integer);
    if (!expiry(seconds, 1000, &expires))
        return resp_send_error(client->conn, "ERR invalid expire time in 'expire' command");
    /* A time that has passed deletes, as in Redis. */
    enum kv_result result = seconds <= 0
                                ? kv_delete(client->store, argument(client, 1))
                                : kv_set_expiry(client->store, argument(client, 1), expires);
    return resp_send_number(client->conn, result == KV_OK);
}

static int do_ttl(struct client *client)
{
    int64_t expires;

    if (kv_expiry(client->store, argument(client, 1), &expires) != KV_OK)
        return resp_send_number(client->conn, -2);
    if (expires == KV_NEVER)
        return resp_send_number(client->conn, -1);
    return resp_send_number(client->conn, (expires - kv_now() + 500) / 1000);
}

static int do_dbsize(struct client *client)
{
    return resp_send_number(client->conn, (long long)kv_count(client->store));
}

static int do_flushall(struct client *client)
{
    kv_clear(client->store);
    return resp_send_simple(client->conn, "OK");
}

/* redis-cli and redis-benchmark ask for these; there is nothing to tell. */
static int do_command(struct client *client)
{
    return resp_send_array(client->conn, 0);
}

static int do_config(struct client *client)
{
    static const char *const settings[][2] = {{"save", ""}, {"appendonly", "no"}};

    if (!resp_is(&client->command->arguments[1], "GET"))
        return resp_send_error(client->conn, "ERR only CONFIG GET is known here");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && client->command->count == 3;
         i++) {
        if (!resp_is(&client->command->arguments[2], settings[i][0]))
            continue;
        resp_send_array(client->conn, 2);
        resp_send_bulk(client->conn, settings[i][0], strlen(settings[i][0]));
        return resp_send_bulk(client->conn, settings[i][1], strlen(settings[i][1]));
    }
    return resp_send_array(client->conn, 0);
}

static int do_info(struct client *client)
{
    char text[160];
    int size = snprintf(text, sizeof text,
                        "# Server\r\nserver_name:lined\r\nlined_version:%s\r\n"
                        "# Keyspace\r\ndb0:keys=%zu\r\n",
                        lined_version(), kv_count(client->store));

    return resp_send_bulk(client->conn, text, (size_t)size);
}

static int do_hello(struct client *client)
{
    static const char *const facts[][2] = {
        {"server", "lined"}, {"version", NULL}, {"mode", "standalone"}, {"role", "master"}};
    size_t count = sizeof facts / sizeof facts[0];
    long long protocol = 2;

    if (client->command->count > 1 &&
        (!resp_number(&client->command->arguments[1], &protocol) || protocol != 2))
        return resp_send_error(client->conn, "NOPROTO unsupported protocol version");
    resp_send_array(client->conn, 2 * (count + 1));
    for (size_t i = 0; i < count; i++) {
        const char *value = facts[i][1] != NULL ? facts[i][1] : lined_version();
        resp_send_bulk(client->conn, facts[i][0], strlen(facts[i][0]));
        resp_send_bulk(client->conn, value, strlen(value));
    }
    resp_send_bulk(client->conn, "proto", 5);
    return resp_send_number(client->conn, 2);
}

static int do_quit(struct client *client)
{
    resp_send_simple(client->conn, "OK");
    return LINED_END;
}

/* The first are the busiest. */
const struct kv_command kv_commands[] = {
    {"get", 2, 2, do_get},
    {"set", 3, RESP_ARGUMENTS_MOST, do_set},
    {"incr", 2, 2, do_incr},
    {"mset", 3, RESP_ARGUMENTS_MOST, do_mset},
    {"ping", 1, 2, do_ping},
    {"mget", 2, RESP_ARGUMENTS_MOST, do_mget},
    {"del", 2, RESP_ARGUMENTS_MOST, do_del},
    {"exists", 2, RESP_ARGUMENTS_MOST, do_exists},
    {"decr", 2, 2, do_decr},
    {"incrby", 3, 3, do_incrby},
    {"expire", 3, 3, do_expire},
    {"ttl", 2, 2, do_ttl},
    {"echo", 2, 2, do_echo},
    {"dbsize", 1, 1, do_dbsize},
    {"flushall", 1, 2, do_flushall},
    {"command", 1, RESP_ARGUMENTS_MOST, do_command},
    {"config", 2, RESP_ARGUMENTS_MOST, do_config},
    {"info", 1, RESP_ARGUMENTS_MOST, do_info},
    {"hello", 1, RESP_ARGUMENTS_MOST, do_hello},
    {"quit", 1, RESP_ARGUMENTS_MOST, do_quit},
};

const size_t kv_command_count = sizeof kv_commands / sizeof kv_commands[0];
