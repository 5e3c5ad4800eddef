#include "handler.h"

#include "handlers/chat/chat.h"
#include "handlers/kv/kv.h"
#include "handlers/pubsub/pubsub.h"
#include "module.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    struct lined_module module;
} built_in[] = {
    {"received", {LINED_ABI, &lined_handler_received, NULL, NULL}},
    {"chat", {LINED_ABI, &lined_handler_chat, chat_init, chat_fini}},
    {"kv", {LINED_ABI, &lined_handler_kv, kv_init, kv_fini}},
    {"pubsub", {LINED_ABI, &lined_handler_pubsub, pubsub_init, pubsub_fini}},
};

static bool is_file(const char *name)
{
    size_t length = strlen(name);

    return strchr(name, '/') != NULL || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

const struct lined_module *handler_find(const char *name, char message[HANDLER_MESSAGE_SIZE])
{
    if (is_file(name))
        return module_load(name, message);
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        if (strcmp(name, built_in[i].name) == 0)
            return &built_in[i].module;
    }
    snprintf(message, HANDLER_MESSAGE_SIZE,
             "must be received, chat, kv, pubsub, or the file of a module (NAME.so)");
    return NULL;
}
