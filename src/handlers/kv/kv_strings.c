/* Commands that read and set values. */
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_expire.h"
#include "kv_run.h"

#include <stdlib.h>

void kv_run_get(struct client *client)
{
    kv_reply_value(&client->reply, kv_get(client->store, kv_argument(client, 1)));
}

/* ---- SET, and commands that are short for it ---- */

struct set_options {
    enum kv_condition condition;
    bool has_get;      /* the reply is the value before */
    bool keeps_expiry; /* then unit_ms is 0 */
    long long unit_ms; /* 0: no EX or PX */
    struct kv_bytes amount;
};

/* Reads the option at *i, with its amount if it has one. A repeated option replaces the first. */
static bool read_set_option(const struct resp_command *command, size_t *i,
                            struct set_options *options)
{
    struct kv_bytes option = command->arguments[*i];
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
        options->amount = command->arguments[++*i];
    } else {
        return false;
    }
    return true;
}

/* Reads the time after which a value expires. False: it is wrong, and the client has the error. */
static bool read_expiry(struct client *client, struct kv_bytes amount, long long unit_ms,
                        const char *name, int64_t *expires)
{
    long long number;

    if (!resp_number(amount, &number))
        kv_error_not_integer(client);
    else if (number <= 0 || !kv_expiry_after(number, unit_ms, expires))
        kv_error_invalid_expiry(client, name);
    else
        return true;
    return false;
}

/* Sets the key to the value; *before is as for kv_set. False: no memory, and the client has
 * the error. */
static bool set(struct client *client, struct kv_bytes value, int64_t expires,
                enum kv_condition condition, struct kv_entry **before, bool *is_set)
{
    enum kv_result result =
        kv_set(client->store, kv_argument(client, 1), value, expires, condition, before);

    *is_set = result == KV_OK;
    if (*is_set && expires != KV_NEVER && expires != KV_KEEP)
        kv_expire_expect(client, expires);
    if (result != KV_NO_MEMORY)
        return true;
    if (before != NULL)
        kv_release(client->store, *before);
    kv_error_no_memory(client);
    return false;
}

/* Sets the key to the value; replies OK, or null if the condition is false. */
static void set_and_reply(struct client *client, struct kv_bytes value, int64_t expires,
                          enum kv_condition condition)
{
    bool is_set;

    if (!set(client, value, expires, condition, NULL, &is_set))
        return;
    if (is_set)
        kv_reply_simple(&client->reply, "OK");
    else
        kv_reply_null(&client->reply);
}

/* Sets the key to the value; replies the value before, or null. */
static void exchange(struct client *client, struct kv_bytes value, int64_t expires,
                     enum kv_condition condition)
{
    struct kv_entry *before = NULL;
    bool is_set;

    if (set(client, value, expires, condition, &before, &is_set))
        kv_reply_value(&client->reply, before);
}

/* As in Redis, amounts are checked last. */
void kv_run_set(struct client *client)
{
    struct set_options options = {.condition = KV_ALWAYS};

    for (size_t i = 3; i < client->command->count; i++) {
        if (!read_set_option(client->command, &i, &options)) {
            kv_error_syntax(client);
            return;
        }
    }
    int64_t expires = options.keeps_expiry ? KV_KEEP : KV_NEVER;
    if (options.unit_ms != 0 &&
        !read_expiry(client, options.amount, options.unit_ms, "set", &expires))
        return;
    if (options.has_get)
        exchange(client, kv_argument(client, 2), expires, options.condition);
    else
        set_and_reply(client, kv_argument(client, 2), expires, options.condition);
}

static void set_with_expiry(struct client *client, long long unit_ms, const char *name)
{
    int64_t expires;

    if (read_expiry(client, kv_argument(client, 2), unit_ms, name, &expires))
        set_and_reply(client, kv_argument(client, 3), expires, KV_ALWAYS);
}

void kv_run_setex(struct client *client)
{
    set_with_expiry(client, 1000, "setex");
}

void kv_run_psetex(struct client *client)
{
    set_with_expiry(client, 1, "psetex");
}

void kv_run_setnx(struct client *client)
{
    bool is_set;

    if (set(client, kv_argument(client, 2), KV_NEVER, KV_IF_ABSENT, NULL, &is_set))
        kv_reply_number(&client->reply, is_set);
}

void kv_run_getset(struct client *client)
{
    exchange(client, kv_argument(client, 2), KV_NEVER, KV_ALWAYS);
}

/* ---- others ---- */

void kv_run_getdel(struct client *client)
{
    kv_reply_value(&client->reply, kv_take(client->store, kv_argument(client, 1)));
}

void kv_run_append(struct client *client)
{
    size_t size;

    switch (kv_append(client->store, kv_argument(client, 1), kv_argument(client, 2),
                      client->settings->max_value, &size)) {
    case KV_OK:
        kv_reply_number(&client->reply, (long long)size);
        break;
    case KV_TOO_LONG:
        kv_reply_error(&client->reply,
                       "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
        break;
    default:
        kv_error_no_memory(client);
    }
}

void kv_run_strlen(struct client *client)
{
    struct kv_entry *entry = kv_get(client->store, kv_argument(client, 1));
    size_t size = entry == NULL ? 0 : kv_entry_value(entry).size;

    kv_release(client->store, entry);
    kv_reply_number(&client->reply, (long long)size);
}

void kv_run_mget(struct client *client)
{
    size_t count = client->command->count - 1;
    struct kv_entry **entries = malloc(count * sizeof(struct kv_entry *));

    if (entries == NULL) {
        kv_error_no_memory(client);
        return;
    }
    kv_get_several(client->store, &client->command->arguments[1], count, entries);
    kv_reply_values(&client->reply, entries, count);
    free(entries);
}

void kv_run_mset(struct client *client)
{
    size_t count = client->command->count - 1;

    if (count % 2 != 0)
        kv_error_arity(client, "mset");
    else if (kv_set_several(client->store, &client->command->arguments[1], count / 2) != KV_OK)
        kv_error_no_memory(client);
    else
        kv_reply_simple(&client->reply, "OK");
}
