#include "kv_admin.h"

#include "kv_errors.h"

#include <stdio.h>
#include <string.h>

int kv_ping(struct client *client)
{
    if (client->command->count == 1)
        return resp_send_simple(client->conn, "PONG");
    return kv_echo(client);
}

int kv_echo(struct client *client)
{
    const struct resp_argument *argument = &client->command->arguments[1];

    return resp_send_bulk(client->conn, argument->bytes, argument->size);
}

/* Clients ask what there is, to help who types. There is nothing to tell but how many. */
int kv_command_about(struct client *client)
{
    const struct resp_argument *topic = &client->command->arguments[1];

    if (client->command->count == 1 || resp_is(topic, "DOCS") || resp_is(topic, "INFO"))
        return resp_send_array(client->conn, 0);
    if (resp_is(topic, "COUNT"))
        return resp_send_number(client->conn, (long long)kv_command_count);
    return kv_send_about(client, "unknown subcommand '", topic, "'. Try COMMAND HELP.");
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

/* Two settings that redis-benchmark reads, and nothing to set. */
int kv_config(struct client *client)
{
    const struct resp_argument *what = &client->command->arguments[1];
    size_t found = 0;

    if (!resp_is(what, "GET"))
        return kv_send_about(client, "unknown subcommand '", what, "'. Try CONFIG HELP.");
    if (client->command->count == 2)
        return resp_send_error(client->conn,
                               "ERR wrong number of arguments for 'config|get' command");
    for (size_t i = 0; i < SETTINGS; i++)
        found += is_asked_for(client, settings[i][0]);
    resp_send_array(client->conn, 2 * found);
    for (size_t i = 0; i < SETTINGS; i++) {
        if (!is_asked_for(client, settings[i][0]))
            continue;
        resp_send_bulk(client->conn, settings[i][0], strlen(settings[i][0]));
        resp_send_bulk(client->conn, settings[i][1], strlen(settings[i][1]));
    }
    return LINED_OK;
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

static void send_fact(struct client *client, const char *name, const char *value)
{
    resp_send_bulk(client->conn, name, strlen(name));
    resp_send_bulk(client->conn, value, strlen(value));
}

static int send_greeting(struct client *client)
{
    resp_send_array(client->conn, 10);
    send_fact(client, "server", "lined");
    send_fact(client, "version", lined_version());
    resp_send_bulk(client->conn, "proto", 5);
    resp_send_number(client->conn, 2);
    send_fact(client, "mode", "standalone");
    send_fact(client, "role", "master");
    return LINED_OK;
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
    for (size_t i = 2; i < command->count; i += 2) { /* a name is nothing here */
        if (!resp_is(&command->arguments[i], "SETNAME") || i + 1 == command->count)
            return kv_send_about(client, "Syntax error in HELLO option '", &command->arguments[i],
                                 "'");
    }
    return send_greeting(client);
}

int kv_quit(struct client *client)
{
    resp_send_simple(client->conn, "OK");
    return LINED_END;
}
