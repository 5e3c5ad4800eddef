#include "kv_commands.h"

#include "kv_admin.h"
#include "kv_errors.h"
#include "kv_keys.h"
#include "resp_reply.h"

#include <stdint.h>
#include <time.h>

static const char not_integer[] = "ERR value is not an integer or out of range";
static const char syntax_error[] = "ERR syntax error";

static struct kv_bytes argument(const struct client *client, size_t i)
{
    return client->command->arguments[i];
}

/* The time that is amount units from now, on the clock of kv_now. False: there is no such time. As
 * in Redis, which counts milliseconds since 1970, the sum with these must fit in 64 bits. */
static bool expiry(long long amount, long long unit_ms, int64_t *expires)
{
    struct timespec now;
    int64_t ms;

    clock_gettime(CLOCK_REALTIME, &now);
    int64_t since_1970 = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    return !__builtin_mul_overflow(amount, unit_ms, &ms) &&
           !__builtin_add_overflow(ms, since_1970, &since_1970) &&
           !__builtin_add_overflow(ms, kv_now(), expires);
}

struct set_options {
    enum kv_condition condition;
    long long unit_ms; /* 0: it does not expire */
    const struct kv_bytes *amount;
    int64_t expires;
};

/* Reads the option at *i, with its amount if it has one. A repeated option replaces the first. */
static bool read_set_option(const struct resp_command *command, size_t *i,
                            struct set_options *options)
{
    const struct kv_bytes *option = &command->arguments[*i];
    long long unit_ms = resp_is(option, "EX") ? 1000 : resp_is(option, "PX") ? 1 : 0;

    if (resp_is(option, "NX") && options->condition != KV_IF_PRESENT) {
        options->condition = KV_IF_ABSENT;
        return true;
    }
    if (resp_is(option, "XX") && options->condition != KV_IF_ABSENT) {
        options->condition = KV_IF_PRESENT;
        return true;
    }
    if (unit_ms == 0 || (options->unit_ms != 0 && options->unit_ms != unit_ms) ||
        *i + 1 == command->count)
        return false;
    options->unit_ms = unit_ms;
    options->amount = &command->arguments[++*i];
    return true;
}

/* Reads the options of SET, from the fourth argument on. Returns the error, or NULL. As in Redis,
 * amounts are checked last. */
static const char *read_set_options(const struct resp_command *command, struct set_options *options)
{
    long long amount;

    *options = (struct set_options){.condition = KV_ALWAYS, .expires = KV_NEVER};
    for (size_t i = 3; i < command->count; i++) {
        if (!read_set_option(command, &i, options))
            return syntax_error;
    }
    if (options->unit_ms == 0)
        return NULL;
    if (!resp_number(options->amount, &amount))
        return not_integer;
    if (amount <= 0 || !expiry(amount, options->unit_ms, &options->expires))
        return "ERR invalid expire time in 'set' command";
    return NULL;
}

static int do_set(struct client *client)
{
    struct set_options options;
    const char *error = read_set_options(client->command, &options);

    if (error != NULL)
        return resp_send_error(client->conn, error);
    switch (kv_set(client->store, argument(client, 1), argument(client, 2), options.expires,
                   options.condition)) {
    case KV_OK:
        if (options.expires != KV_NEVER)
            kv_sweeper_expect(client->sweeper, options.expires);
        return resp_send_simple(client->conn, "OK");
    case KV_NO_MEMORY:
        return kv_send_no_memory(client);
    default:
        return resp_send_null(client->conn);
    }
}

static int add(struct client *client, long long amount)
{
    long long sum;

    switch (kv_add(client->store, argument(client, 1), amount, &sum)) {
    case KV_OK:
        return resp_send_number(client->conn, sum);
    case KV_NO_MEMORY:
        return kv_send_no_memory(client);
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

static int do_expire(struct client *client)
{
    long long seconds;
    int64_t expires;

    if (client->command->count > 3)
        return kv_send_about(client, "Unsupported option ", &client->command->arguments[3], "");
    if (!resp_number(&client->command->arguments[2], &seconds))
        return resp_send_error(client->conn, not_integer);
    if (!expiry(seconds, 1000, &expires))
        return resp_send_error(client->conn, "ERR invalid expire time in 'expire' command");
    return set_expiry(client, seconds, expires);
}

static int do_ttl(struct client *client)
{
    int64_t expires;

    if (kv_expiry(client->store, argument(client, 1), &expires) != KV_OK)
        return resp_send_number(client->conn, -2);
    if (expires == KV_NEVER)
        return resp_send_number(client->conn, -1);
    int64_t left = expires - kv_now();
    return resp_send_number(client->conn, left / 1000 + (left % 1000 >= 500));
}

static int do_dbsize(struct client *client)
{
    return resp_send_number(client->conn, (long long)kv_count(client->store));
}

/* SYNC and ASYNC mean the same: all keys are removed before the reply. */
static int do_flushall(struct client *client)
{
    const struct kv_bytes *how = &client->command->arguments[1];

    if (client->command->count > 2 ||
        (client->command->count == 2 && !resp_is(how, "SYNC") && !resp_is(how, "ASYNC")))
        return resp_send_error(client->conn, syntax_error);
    kv_clear(client->store);
    return resp_send_simple(client->conn, "OK");
}

/* COMMAND: clients ask for the list of commands, to complete typed text. Only their number is
 * available. */
static int do_command(struct client *client)
{
    const struct kv_bytes *topic = &client->command->arguments[1];

    if (client->command->count == 1 || resp_is(topic, "DOCS") || resp_is(topic, "INFO"))
        return resp_send_array(client->conn, 0);
    if (resp_is(topic, "COUNT"))
        return resp_send_number(client->conn, (long long)kv_command_count);
    return kv_send_about(client, "unknown subcommand '", topic, "'. Try COMMAND HELP.");
}

/* The most frequent commands come first. */
const struct kv_command kv_commands[] = {
    {"get", 2, 2, kv_do_get},
    {"set", 3, SIZE_MAX, do_set},
    {"incr", 2, 2, do_incr},
    {"mset", 3, SIZE_MAX, kv_do_mset},
    {"ping", 1, 2, kv_ping},
    {"mget", 2, SIZE_MAX, kv_do_mget},
    {"del", 2, SIZE_MAX, kv_do_del},
    {"exists", 2, SIZE_MAX, kv_do_exists},
    {"decr", 2, 2, do_decr},
    {"incrby", 3, 3, do_incrby},
    {"expire", 3, SIZE_MAX, do_expire},
    {"ttl", 2, 2, do_ttl},
    {"echo", 2, 2, kv_echo},
    {"dbsize", 1, 1, do_dbsize},
    {"flushall", 1, SIZE_MAX, do_flushall},
    {"command", 1, SIZE_MAX, do_command},
    {"config", 2, SIZE_MAX, kv_config},
    {"info", 1, SIZE_MAX, kv_info},
    {"hello", 1, SIZE_MAX, kv_hello},
    {"quit", 1, SIZE_MAX, kv_quit},
};

const size_t kv_command_count = sizeof kv_commands / sizeof kv_commands[0];
