#define _GNU_SOURCE /* memmem */
/*
 * A configuration: what is taken has only names and values that systemd and docker read alike, and
 * each is in the text; what is not taken has a message with the place.
 */
#include "../../src/base/invariant.h"
#include "../../src/command/config.h"
#include "fuzz.h"

#include <string.h>

static struct config config;

static void check(const struct config_entry *entry, const char *text, size_t size)
{
    char line[CONFIG_SIZE_MAX + 1];
    size_t name = strlen(entry->name);
    size_t value = strlen(entry->value);

    INVARIANT(name > 0 &&
              strspn(entry->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
                                  "0123456789") == name);
    INVARIANT(strpbrk(entry->value, "\"'\\\r\n") == NULL);
    INVARIANT(value == 0 || (entry->value[value - 1] != ' ' && entry->value[value - 1] != '\t'));
    memcpy(line, entry->name, name);
    line[name] = '=';
    memcpy(line + name + 1, entry->value, value);
    INVARIANT(memmem(text, size, line, name + 1 + value) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[CONFIG_MESSAGE_SIZE];

    if (size > CONFIG_SIZE_MAX)
        return 0;
    config.file = "file";
    memcpy(config.text, data, size);
    if (!config_parse(&config, size, message)) {
        INVARIANT(strncmp(message, "file:", 5) == 0 && strchr(message, '\n') == NULL);
        return 0;
    }
    for (size_t i = 0; i < config.count; i++) {
        check(&config.entries[i], (const char *)data, size);
        INVARIANT(config_find(&config, config.entries[i].name) >= &config.entries[i]);
    }
    return 0;
}
