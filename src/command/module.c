#include "module.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#if LINED_MODULES

#include <dlfcn.h>

/* Checks what the module exports before any of it is used. */
static bool is_valid(const struct lined_module *module, char message[MODULE_MESSAGE_SIZE])
{
    if (module->abi != LINED_ABI) {
        snprintf(
            message, MODULE_MESSAGE_SIZE,
            "the module was built for ABI %u, and this lined has ABI %u: build the module again",
            module->abi, LINED_ABI);
        return false;
    }
    if (module->handler == NULL ||
        (module->handler->line == NULL) == (module->handler->task == NULL)) {
        snprintf(message, MODULE_MESSAGE_SIZE,
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

const struct lined_module *module_load(const char *name, char message[MODULE_MESSAGE_SIZE])
{
    char file[4096];

    /* dlopen(3) searches a name without a slash in the library path; a user means a file in the
     * current folder. */
    int length = snprintf(file, sizeof file, "%s%s", strchr(name, '/') == NULL ? "./" : "", name);
    if (length < 0 || (size_t)length >= sizeof file) {
        snprintf(message, MODULE_MESSAGE_SIZE, "the name of a module must have at most 4093 bytes");
        return NULL;
    }
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        /* glibc's dlerror is thread-safe. NOLINTNEXTLINE(concurrency-mt-unsafe) */
        snprintf(message, MODULE_MESSAGE_SIZE, "the module cannot be loaded: %s", dlerror());
        return NULL;
    }
    const struct lined_module *module = dlsym(library, "lined_module");
    if (module == NULL) {
        snprintf(message, MODULE_MESSAGE_SIZE, "the module must export lined_module, see lined(3)");
        return NULL;
    }
    load_unwinder();
    return is_valid(module, message) ? module : NULL;
}

#else

const struct lined_module *module_load(const char *name, char message[MODULE_MESSAGE_SIZE])
{
    (void)name;
    snprintf(message, MODULE_MESSAGE_SIZE,
             "must be received, chat, kv or pubsub: this lined is linked statically and loads no "
             "modules");
    return NULL;
}

#endif
