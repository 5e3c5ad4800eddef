#include "kv_hello.h"

#include "kv_auth.h"
#include "kv_client.h"
#include "kv_errors.h"
#include "resp_reply.h"

#include <stdint.h>
#include <stdlib.h>

/* A name and its value. */
static int send_fact(struct client *client, const char *name, const char *value)
{
    int result = resp_send_text(client->conn, name);

    return result == LINED_OK ? resp_send_text(client->conn, value) : result;
}

static int send_number_fact(struct client *client, const char *name, long long value)
{
    int result = resp_send_text(client->conn, name);

    return result == LINED_OK ? resp_send_number(client->conn, value) : result;
}

static int send_greeting(struct client *client)
{
    int result = resp_send_map(client->conn, client->protocol, 7);

    if (result == LINED_OK)
        result = send_fact(client, "server", "lined");
    if (result == LINED_OK)
        result = send_fact(client, "version", lined_version());
    if (result == LINED_OK)
        result = send_number_fact(client, "proto", client->protocol);
    if (result == LINED_OK)
        result = send_number_fact(client, "id", (long long)client->id);
    if (result == LINED_OK)
        result = send_fact(client, "mode", "standalone");
    if (result == LINED_OK)
        result = send_fact(client, "role", "master");
    if (result == LINED_OK)
        result = resp_send_text(client->conn, "modules");
    return result == LINED_OK ? resp_send_array(client->conn, 0) : result;
}

/* Applies the option of HELLO at *i, and moves *i after it. False: it is wrong, and the client has
 * the error; *result is that of the send. */
static bool apply_option(struct client *client, size_t *i, int *result)
{
    const struct kv_bytes *option = &client->command->arguments[*i];
    size_t left = client->command->count - 1 - *i;

    if (resp_is(option, "AUTH") && left >= 2) {
        *i += 3;
        if (kv_auth_check(client, &option[1], &option[2]))
            return true;
        *result = kv_auth_send_wrong(client);
    } else if (resp_is(option, "SETNAME") && left >= 1) {
        *i += 2;
        if (!kv_client_is_name(&option[1]))
            *result = kv_client_send_bad_name(client);
        else if (!kv_client_rename(&client->name, &option[1]))
            *result = kv_send_no_memory(client);
        else
            return true;
    } else {
        *result = kv_send_about(client, "Syntax error in HELLO option '", option, "'");
    }
    return false;
}

/* As in Redis, the options before a wrong one have been applied, but the protocol is not set. */
int kv_hello(struct client *client)
{
    const struct resp_command *command = client->command;
    long long protocol = client->protocol;
    int result;

    if (command->count > 1 && !resp_number(&command->arguments[1], &protocol))
        return resp_send_error(client->conn,
                               "ERR Protocol version is not an integer or out of range");
    if (protocol != 2 && protocol != 3)
        return resp_send_error(client->conn, "NOPROTO unsupported protocol version");
    for (size_t i = 2; i < command->count;) {
        if (!apply_option(client, &i, &result))
            return result;
    }
    if (kv_auth_is_missing(client))
        return resp_send_error(
            client->conn,
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the "
            "HELLO AUTH <user> <pass> option can be used to authenticate the client and select "
            "the RESP protocol version at the same time");
    client->protocol = (int)protocol;
    return send_greeting(client);
}

int kv_select(struct client *client)
{
    long long number;

    if (!resp_number(&client->command->arguments[1], &number))
        return kv_send_not_integer(client);
    if (number < INT32_MIN || number > INT32_MAX)
        return resp_send_error(client->conn, "ERR value is out of range, value must between "
                                             "-2147483648 and 2147483647");
    if (number != 0)
        return resp_send_error(client->conn, "ERR DB index is out of range");
    return resp_send_simple(client->conn, "OK");
}

/* As in Redis, the name and the version of the library stay. */
int kv_reset(struct client *client)
{
    free(client->name);
    client->name = NULL;
    kv_auth_reset(client);
    client->protocol = 2;
    return resp_send_simple(client->conn, "RESET");
}

int kv_quit(struct client *client)
{
    int result = resp_send_simple(client->conn, "OK");

    return result == LINED_OK ? LINED_END : result;
}
