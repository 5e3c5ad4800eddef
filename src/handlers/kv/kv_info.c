#include "kv_info.h"

#include "resp_reply.h"

#include <stdio.h>

/* Clients choose commands by this version. It is that of the Redis that kv was compared with. */
#define REDIS_VERSION "7.0.15"

/* True if the section, or the list that has it, is an argument, or there is none. */
static bool is_section_asked_for(const struct client *client, const char *section)
{
    const struct resp_command *command = client->command;

    for (size_t i = 1; i < command->count; i++) {
        const struct kv_bytes *word = &command->arguments[i];
        if (resp_is(word, section) || resp_is(word, "default") || resp_is(word, "all") ||
            resp_is(word, "everything"))
            return true;
    }
    return command->count == 1;
}

int kv_info(struct client *client)
{
    bool has_server = is_section_asked_for(client, "server");
    bool has_keyspace = is_section_asked_for(client, "keyspace");
    struct kv_counts counts = kv_counts(client->store);
    char text[256];
    int size = 0;

    if (has_server)
        size += snprintf(text, sizeof text,
                         "# Server\r\nredis_version:" REDIS_VERSION
                         "\r\nredis_mode:standalone\r\nserver_name:lined\r\nlined_version:%s\r\n",
                         lined_version());
    if (has_keyspace)
        size += snprintf(text + size, sizeof text - (size_t)size, "%s# Keyspace\r\n",
                         has_server ? "\r\n" : "");
    if (has_keyspace && counts.keys > 0)
        size += snprintf(text + size, sizeof text - (size_t)size,
                         "db0:keys=%zu,expires=%zu,avg_ttl=0\r\n", counts.keys, counts.expiring);
    return resp_send_verbatim(client->conn, client->protocol, text, (size_t)size);
}

#define AS_TEXT(number)  AS_TEXT_(number)
#define AS_TEXT_(number) #number

/* No setting can be changed. */
static const char *const settings[][2] = {
    {"appendonly", "no"},
    {"databases", "1"},
    {"maxmemory-policy", "noeviction"},
    {"proto-max-bulk-len", AS_TEXT(RESP_ARGUMENT_BYTES)},
    {"save", ""},
};
#define SETTINGS (sizeof settings / sizeof settings[0])

static bool is_setting_asked_for(const struct client *client, const char *setting)
{
    for (size_t i = 2; i < client->command->count; i++) {
        if (resp_is(&client->command->arguments[i], setting) ||
            resp_is(&client->command->arguments[i], "*"))
            return true;
    }
    return false;
}

int kv_config_get(struct client *client)
{
    bool is_asked[SETTINGS] = {false};
    size_t found = 0;

    for (size_t i = 0; i < SETTINGS; i++) {
        is_asked[i] = is_setting_asked_for(client, settings[i][0]);
        found += is_asked[i];
    }
    int result = resp_send_map(client->conn, client->protocol, found);
    for (size_t i = 0; i < SETTINGS && result == LINED_OK; i++) {
        if (!is_asked[i])
            continue;
        result = resp_send_text(client->conn, settings[i][0]);
        if (result == LINED_OK)
            result = resp_send_text(client->conn, settings[i][1]);
    }
    return result;
}
