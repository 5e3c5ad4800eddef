#include "kv_strings.h"

#include "kv_errors.h"
#include "kv_expire.h"
#include "kv_value.h"
#include "resp_reply.h"

#include <stdint.h>

static struct kv_bytes argument(const struct client *client, size_t i)
{
    return client->command->arguments[i];
}

struct set_options {
    enum kv_condition condition;
    bool has_get;      /* the reply is the value before */
    bool keeps_expiry; /* then unit_ms is 0 */
    long long unit_ms; /* 0: no EX or PX */
    const struct kv_bytes *amount;
};

/* Reads the option at *i, with its amount if it has one. A repeated option replaces the first. */
static bool read_set_option(const struct resp_command *command, size_t *i,
                            struct set_options *options)
{
    const struct kv_bytes *option = &command->arguments[*i];
    long long unit_ms = resp_is(option, "EX") ? 1000 : resp_is(option, "PX") ? 1 : 0;

    if (resp_is(option, "NX") && options->condition != KV_IF_PRESENT) {
        options->condition = KV_IF_ABSENT;
    } else if (resp_is(option, "XX") && options->condition != KV_IF_ABSENT) {
        options->condition = KV_IF_PRESENT;
    } else if (resp_is(option, "GET")) {
        options->has_get = true;
    } else if (resp_is(option, "KEEPTTL") && options->unit_ms == 0) {
        options->keeps_expiry = true;
    } else if (unit_ms != 0 && (options->unit_ms == 0 || options->unit_ms == unit_ms) &&
               !options->keeps_expiry && *i + 1 < command->count) {
        options->unit_ms = unit_ms;
        options->amount = &command->arguments[++*i];
    } else {
        return false;
    }
    return true;
}

/* Replies +OK, or null if the condition is false. before: NULL, or the reply is this value, which
 * is released. */
static int send_set(struct client *client, enum kv_result result, struct kv_entry **before)
{
    if (result == KV_NO_MEMORY) {
        if (before != NULL)
            kv_entry_release(*before);
        return kv_send_no_memory(client);
    }
    if (before != NULL)
        return kv_send_value(client, *before);
    return result == KV_OK ? resp_send_simple(client->conn, "OK")
                           : resp_send_null(client->conn, client->protocol);
}

/* Sets the key to the value; *before is as for kv_exchange. */
static enum kv_result set(struct client *client, struct kv_bytes value, int64_t expires,
                          enum kv_condition condition, struct kv_entry **before)
{
    enum kv_result result =
        kv_exchange(client->store, argument(client, 1), value, expires, condition, before);

    if (result == KV_OK && expires != KV_NEVER && expires != KV_KEEP)
        kv_sweeper_expect(client->sweeper, expires);
    return result;
}

/* Reads the time after which a value expires. False: it is wrong, and the client has the error;
 * *result is that of the send. */
static bool read_expiry(struct client *client, const struct kv_bytes *amount, long long unit_ms,
                        const char *name, int64_t *expires, int *result)
{
    long long number;

    if (!resp_number(amount, &number)) {
        *result = kv_send_not_integer(client);
        return false;
    }
    if (number > 0 && kv_expiry_after(number, unit_ms, expires))
        return true;
    *result = kv_send_invalid_expiry(client, name);
    return false;
}

/* As in Redis, amounts are checked last. */
int kv_do_set(struct client *client)
{
    const struct resp_command *command = client->command;
    struct set_options options = {.condition = KV_ALWAYS};
    struct kv_entry *before = NULL;
    int result;

    for (size_t i = 3; i < command->count; i++) {
        if (!read_set_option(command, &i, &options))
            return kv_send_syntax(client);
    }
    int64_t expires = options.keeps_expiry ? KV_KEEP : KV_NEVER;
    if (options.unit_ms != 0 &&
        !read_expiry(client, options.amount, options.unit_ms, "set", &expires, &result))
        return result;
    struct kv_entry **wanted = options.has_get ? &before : NULL;
    return send_set(client, set(client, argument(client, 2), expires, options.condition, wanted),
                    wanted);
}

static int set_with_expiry(struct client *client, long long unit_ms, const char *name)
{
    int64_t expires;
    int result;

    if (!read_expiry(client, &client->command->arguments[2], unit_ms, name, &expires, &result))
        return result;
    return send_set(client, set(client, argument(client, 3), expires, KV_ALWAYS, NULL), NULL);
}

int kv_do_setex(struct client *client)
{
    return set_with_expiry(client, 1000, "setex");
}

int kv_do_psetex(struct client *client)
{
    return set_with_expiry(client, 1, "psetex");
}

int kv_do_setnx(struct client *client)
{
    enum kv_result result = set(client, argument(client, 2), KV_NEVER, KV_IF_ABSENT, NULL);

    if (result == KV_NO_MEMORY)
        return kv_send_no_memory(client);
    return resp_send_number(client->conn, result == KV_OK);
}

int kv_do_getset(struct client *client)
{
    struct kv_entry *before = NULL;

    return send_set(client, set(client, argument(client, 2), KV_NEVER, KV_ALWAYS, &before),
                    &before);
}

int kv_do_getdel(struct client *client)
{
    return kv_send_value(client, kv_take(client->store, argument(client, 1)));
}

int kv_do_append(struct client *client)
{
    size_t size;

    switch (kv_append(client->store, argument(client, 1), argument(client, 2), RESP_ARGUMENT_MOST,
                      &size)) {
    case KV_OK:
        return resp_send_number(client->conn, (long long)size);
    case KV_TOO_LONG:
        return resp_send_error(client->conn,
                               "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    default:
        return kv_send_no_memory(client);
    }
}

int kv_do_strlen(struct client *client)
{
    struct kv_entry *entry = kv_get(client->store, argument(client, 1));
    size_t size = entry == NULL ? 0 : kv_entry_value(entry).size;

    kv_entry_release(entry);
    return resp_send_number(client->conn, (long long)size);
}

int kv_do_type(struct client *client)
{
    bool exists = kv_count_of(client->store, &client->command->arguments[1], 1) == 1;

    return resp_send_simple(client->conn, exists ? "string" : "none");
}
