/* INFO and CONFIG GET. */
#include "kv_connection.h"
#include "kv_run.h"

#include <inttypes.h>
#include <stdio.h>

/* Clients choose commands by this version. It is that of the Redis that kv was compared with. */
#define REDIS_VERSION "7.0.15"

/* True if the section, or the list that has it, is an argument, or there is none. */
static bool is_section_asked_for(const struct client *client, const char *section)
{
    for (size_t i = 1; i < client->command->count; i++) {
        struct kv_bytes word = kv_argument(client, i);
        if (resp_is(word, section) || resp_is(word, "default") || resp_is(word, "all") ||
            resp_is(word, "everything"))
            return true;
    }
    return client->command->count == 1;
}

static size_t write_server(struct client *client, char *text, size_t room)
{
    (void)client;
    return (size_t)snprintf(
        text, room,
        "# Server\r\nredis_version:" REDIS_VERSION
        "\r\nredis_mode:standalone\r\nserver_name:lined\r\nlined_version:%s\r\n",
        lined_version());
}

static size_t write_memory(struct client *client, char *text, size_t room)
{
    (void)client;
    return (size_t)snprintf(text, room,
                            "# Memory\r\nused_memory:%" PRIu64 "\r\nmaxmemory:%" PRIu64
                            "\r\nmaxmemory_policy:noeviction\r\n",
                            kv_memory_used(client->store), client->settings->max_memory);
}

static size_t write_keyspace(struct client *client, char *text, size_t room)
{
    struct kv_counts counts = kv_counts(client->store);

    if (counts.keys == 0)
        return (size_t)snprintf(text, room, "# Keyspace\r\n");
    return (size_t)snprintf(text, room, "# Keyspace\r\ndb0:keys=%zu,expires=%zu,avg_ttl=0\r\n",
                            counts.keys, counts.expiring);
}

void kv_run_info(struct client *client)
{
    static const struct {
        const char *name;
        size_t (*write)(struct client *client, char *text, size_t room);
    } sections[] = {
        {"server", write_server}, {"memory", write_memory}, {"keyspace", write_keyspace}};
    char text[512]; /* the sections are shorter */
    size_t size = 0;

    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (!is_section_asked_for(client, sections[i].name))
            continue;
        if (size > 0)
            size += (size_t)snprintf(text + size, sizeof text - size, "\r\n");
        size += sections[i].write(client, text + size, sizeof text - size);
    }
    kv_reply_verbatim(&client->reply, text, size);
}

/* ---- CONFIG GET ---- */

#define SETTINGS 6u

struct setting {
    const char *name;
    char value[24];
};

/* No setting can be changed. */
static void list_settings(const struct kv_settings *from, struct setting settings[SETTINGS])
{
    const struct setting all[SETTINGS] = {
        {"appendonly", "no"},       {"databases", "1"},
        {"maxmemory", ""},          {"maxmemory-policy", "noeviction"},
        {"proto-max-bulk-len", ""}, {"save", ""},
    };

    for (size_t i = 0; i < SETTINGS; i++)
        settings[i] = all[i];
    snprintf(settings[2].value, sizeof settings[2].value, "%" PRIu64, from->max_memory);
    snprintf(settings[4].value, sizeof settings[4].value, "%zu", from->max_value);
}

static bool is_setting_asked_for(const struct client *client, const char *name)
{
    for (size_t i = 2; i < client->command->count; i++) {
        if (resp_is(kv_argument(client, i), name) || resp_is(kv_argument(client, i), "*"))
            return true;
    }
    return false;
}

void kv_run_config_get(struct client *client)
{
    struct setting settings[SETTINGS];
    size_t asked[SETTINGS];
    size_t count = 0;

    list_settings(client->settings, settings);
    for (size_t i = 0; i < SETTINGS; i++) {
        if (is_setting_asked_for(client, settings[i].name))
            asked[count++] = i;
    }
    kv_reply_map(&client->reply, count);
    for (size_t i = 0; i < count; i++) {
        kv_reply_text(&client->reply, settings[asked[i]].name);
        kv_reply_text(&client->reply, settings[asked[i]].value);
    }
}
