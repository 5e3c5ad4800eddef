#include "handler.h"

#include "handlers/chat/chat.h"
#include "handlers/kv/kv.h"

#include <dlfcn.h>
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
};

static bool is_file(const char *name)
{
    size_t length = strlen(name);

    return strchr(name, '/') != NULL || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

/* Checks what the module exports before any of it is used. */
static bool is_valid(const struct lined_module *module, char message[HANDLER_MESSAGE_SIZE])
{
    if (module->abi != LINED_ABI) {
        snprintf(
            message, HANDLER_MESSAGE_SIZE,
            "the module was built for ABI %u, and this lined has ABI %u: build the module again",
            module->abi, LINED_ABI);
        return false;
    }
    if (module->handler == NULL ||
        (module->handler->line == NULL) == (module->handler->task == NULL)) {
        snprintf(message, HANDLER_MESSAGE_SIZE,
                 "the handler of the module must have either a line or a task callback");
        return false;
    }
    return true;
}

/* glibc loads this library when a thread ends itself, for example with pthread_exit(3). A callback
 * must not do that, and lined then aborts with a message. In the sandbox glibc could not load the
 * library, and would print another message. So it is loaded now; without it only that message
 * differs. */
static void load_unwinder(void)
{
    (void)dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_GLOBAL);
}

static const struct lined_module *load(const char *name, char message[HANDLER_MESSAGE_SIZE])
{
    char file[4096];

    /* dlopen(3) searches a name without a slash in the library path; a user means a file in the
     * current folder. */
    int length = snprintf(file, sizeof file, "%s%s", strchr(name, '/') == NULL ? "./" : "", name);
    if (length < 0 || (size_t)length >= sizeof file) {
        snprintf(message, HANDLER_MESSAGE_SIZE,
                 "the name of a module must have at most 4093 bytes");
        return NULL;
    }
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        /* glibc's dlerror is thread-safe. NOLINTNEXTLINE(concurrency-mt-unsafe) */
        snprintf(message, HANDLER_MESSAGE_SIZE, "the module cannot be loaded: %s", dlerror());
        return NULL;
    }
    const struct lined_module *module = dlsym(library, "lined_module");
    if (module == NULL) {
        snprintf(message, HANDLER_MESSAGE_SIZE,
                 "the module must export lined_module, see lined(3)");
        return NULL;
    }
    load_unwinder();
    return is_valid(module, message) ? module : NULL;
}

const struct lined_module *handler_find(const char *name, char message[HANDLER_MESSAGE_SIZE])
{
    if (is_file(name))
        return load(name, message);
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        if (strcmp(name, built_in[i].name) == 0)
            return &built_in[i].module;
    }
    snprintf(message, HANDLER_MESSAGE_SIZE,
             "must be received, chat, kv, or the file of a module (NAME.so)");
    return NULL;
}
