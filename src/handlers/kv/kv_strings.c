#include "kv_strings.h"

#include "kv_errors.h"
#include "kv_expire.h"
#include "resp_reply.h"

#include <stdint.h>

static const char not_integer[] = "ERR value is not an integer or out of range";
static const char syntax_error[] = "ERR syntax error";

static struct kv_bytes argument(const struct client *client, size_t i)
{
    return client->command->arguments[i];
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
    if (amount <= 0 || !kv_expiry_after(amount, options->unit_ms, &options->expires))
        return "ERR invalid expire time in 'set' command";
    return NULL;
}

int kv_do_set(struct client *client)
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
        return resp_send_null(client->conn, client->protocol);
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

int kv_do_incrby(struct client *client)
{
    long long amount;

    if (!resp_number(&client->command->arguments[2], &amount))
        return kv_send_not_integer(client);
    return add(client, amount);
}
