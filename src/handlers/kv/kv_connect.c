/* Commands about the connection itself. */
#include "kv_auth.h"
#include "kv_client.h"
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"
#include "kv_transaction.h"

#include <stdint.h>
#include <stdlib.h>

static void reply_text(struct client *client, const char *name, const char *value)
{
    kv_reply_text(&client->reply, name);
    kv_reply_text(&client->reply, value);
}

static void reply_number(struct client *client, const char *name, long long value)
{
    kv_reply_text(&client->reply, name);
    kv_reply_number(&client->reply, value);
}

static void greet(struct client *client)
{
    kv_reply_map(&client->reply, 7);
    reply_text(client, "server", "lined");
    reply_text(client, "version", lined_version());
    reply_number(client, "proto", client->reply.protocol);
    reply_number(client, "id", (long long)client->id);
    reply_text(client, "mode", "standalone");
    reply_text(client, "role", "master");
    kv_reply_text(&client->reply, "modules");
    kv_reply_array(&client->reply, 0);
}

/* Applies the option of HELLO at *i, and moves *i after it. False: it is wrong, and the client has
 * the error. */
static bool apply_option(struct client *client, size_t *i)
{
    struct kv_bytes option = kv_argument(client, *i);
    size_t left = client->command->count - 1 - *i;

    if (resp_is(option, "AUTH") && left >= 2) {
        *i += 3;
        return kv_auth_check(client, kv_argument(client, *i - 2), kv_argument(client, *i - 1));
    }
    if (resp_is(option, "SETNAME") && left >= 1) {
        *i += 2;
        return kv_client_set_name(client, kv_argument(client, *i - 1));
    }
    kv_error_about(client, "Syntax error in HELLO option '", option, "'");
    return false;
}

/* As in Redis, the options before a wrong one have been applied, but the protocol is not set. */
void kv_run_hello(struct client *client)
{
    long long protocol = client->reply.protocol;

    if (client->command->count > 1 && !resp_number(kv_argument(client, 1), &protocol)) {
        kv_reply_error(&client->reply, "ERR Protocol version is not an integer or out of range");
        return;
    }
    if (protocol != 2 && protocol != 3) {
        kv_reply_error(&client->reply, "NOPROTO unsupported protocol version");
        return;
    }
    for (size_t i = 2; i < client->command->count;) {
        if (!apply_option(client, &i))
            return;
    }
    if (kv_auth_is_missing(client)) {
        kv_reply_error(&client->reply,
                       "NOAUTH HELLO must be called with the client already authenticated, "
                       "otherwise the HELLO AUTH <user> <pass> option can be used to authenticate "
                       "the client and select the RESP protocol version at the same time");
        return;
    }
    client->reply.protocol = (int)protocol;
    greet(client);
}

void kv_run_select(struct client *client)
{
    long long number;

    if (!resp_number(kv_argument(client, 1), &number))
        kv_error_not_integer(client);
    else if (number < INT32_MIN || number > INT32_MAX)
        kv_reply_error(&client->reply, "ERR value is out of range, value must between "
                                       "-2147483648 and 2147483647");
    else if (number != 0)
        kv_reply_error(&client->reply, "ERR DB index is out of range");
    else
        kv_reply_simple(&client->reply, "OK");
}

/* As in Redis, the name and the version of the library stay. */
void kv_run_reset(struct client *client)
{
    kv_transaction_end(client);
    free(client->name);
    client->name = NULL;
    kv_auth_reset(client);
    client->reply.protocol = 2;
    kv_reply_simple(&client->reply, "RESET");
}

void kv_run_quit(struct client *client)
{
    kv_reply_simple(&client->reply, "OK");
    if (client->reply.result == LINED_OK)
        client->reply.result = LINED_END;
}

void kv_run_ping(struct client *client)
{
    if (client->command->count == 1)
        kv_reply_simple(&client->reply, "PONG");
    else if (client->command->count == 2)
        kv_run_echo(client);
    else
        kv_error_arity(client, "ping");
}

void kv_run_echo(struct client *client)
{
    kv_reply_bulk(&client->reply, kv_argument(client, 1));
}
