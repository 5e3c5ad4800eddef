#include "kv_admin.h"

#include "kv_errors.h"
#include "resp_reply.h"

#include <stdio.h>
#include <string.h>

int kv_ping(struct client *client)
{
    if (client->command->count == 1)
        return resp_send_simple(client->conn, "PONG");
    if (client->command->count > 2)
        return kv_send_arity(client, "ping");
    return kv_echo(client);
}

int kv_echo(struct client *client)
{
    const struct kv_bytes *argument = &client->command->arguments[1];

    return resp_send_bulk(client->conn, argument->bytes, argument->size);
}

static int send_text(struct client *client, const char *text)
{
    return resp_send_bulk(client->conn, text, strlen(text));
}

/* A name and its value. */
static int send_fact(struct client *client, const char *name, const char *value)
{
    int result = send_text(client, name);

    return result == LINED_OK ? send_text(client, value) : result;
}

static const char *const settings[][2] = {{"save", ""}, {"appendonly", "no"}};
#define SETTINGS (sizeof settings / sizeof settings[0])

static bool is_asked_for(const struct client *client, const char *setting)
{
    for (size_t i = 2; i < client->command->count; i++) {
        if (resp_is(&client->command->arguments[i], setting) ||
            resp_is(&client->command->arguments[i], "*"))
            return true;
    }
    return false;
}

/* The two settings that redis-benchmark reads. No setting can be changed. */
int kv_config_get(struct client *client)
{
    bool is_asked[SETTINGS] = {false};
    size_t found = 0;

    for (size_t i = 0; i < SETTINGS; i++) {
        is_asked[i] = is_asked_for(client, settings[i][0]);
        found += is_asked[i];
    }
    int result = resp_send_array(client->conn, 2 * found);
    for (size_t i = 0; i < SETTINGS && result == LINED_OK; i++) {
        if (is_asked[i])
            result = send_fact(client, settings[i][0], settings[i][1]);
    }
    return result;
}

int kv_info(struct client *client)
{
    char text[160];
    int size = snprintf(text, sizeof text,
                        "# Server\r\nserver_name:lined\r\nlined_version:%s\r\n\r\n"
                        "# Keyspace\r\ndb0:keys=%zu\r\n",
                        lined_version(), kv_count(client->store));

    return resp_send_bulk(client->conn, text, (size_t)size);
}

static int send_greeting(struct client *client)
{
    int result = resp_send_array(client->conn, 10);

    if (result == LINED_OK)
        result = send_fact(client, "server", "lined");
    if (result == LINED_OK)
        result = send_fact(client, "version", lined_version());
    if (result == LINED_OK)
        result = send_text(client, "proto");
    if (result == LINED_OK)
        result = resp_send_number(client->conn, 2);
    if (result == LINED_OK)
        result = send_fact(client, "mode", "standalone");
    if (result == LINED_OK)
        result = send_fact(client, "role", "master");
    return result;
}

int kv_hello(struct client *client)
{
    const struct resp_command *command = client->command;
    long long protocol = 2;

    if (command->count > 1 && !resp_number(&command->arguments[1], &protocol))
        return resp_send_error(client->conn,
                               "ERR Protocol version is not an integer or out of range");
    if (protocol != 2)
        return resp_send_error(client->conn, "NOPROTO unsupported protocol version");
    for (size_t i = 2; i < command->count; i += 2) { /* the name is ignored */
        if (!resp_is(&command->arguments[i], "SETNAME") || i + 1 == command->count)
            return kv_send_about(client, "Syntax error in HELLO option '", &command->arguments[i],
                                 "'");
    }
    return send_greeting(client);
}

int kv_dbsize(struct client *client)
{
    return resp_send_number(client->conn, (long long)kv_count(client->store));
}

/* SYNC and ASYNC mean the same: all keys are removed before the reply. */
int kv_flushall(struct client *client)
{
    const struct kv_bytes *how = &client->command->arguments[1];

    if (client->command->count > 2 ||
        (client->command->count == 2 && !resp_is(how, "SYNC") && !resp_is(how, "ASYNC")))
        return kv_send_syntax(client);
    kv_clear(client->store);
    return resp_send_simple(client->conn, "OK");
}

int kv_quit(struct client *client)
{
    int result = resp_send_simple(client->conn, "OK");

    return result == LINED_OK ? LINED_END : result;
}
