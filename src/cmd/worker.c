#include "worker.h"

#include "../workers/workers.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const struct lined_worker *worker;
} own_workers[] = {
    {"received", &lined_worker_received},
    {"chat", &lined_worker_chat},
    {"kv", &lined_worker_kv},
};

static bool is_file(const char *name)
{
    size_t length = strlen(name);

    return strchr(name, '/') != NULL || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

/* Checks what the module exports before any of it is used. */
static const struct lined_worker *worker_of(const struct lined_module *module,
                                            char message[WORKER_MESSAGE_SIZE])
{
    if (module->abi != LINED_ABI) {
        snprintf(message, WORKER_MESSAGE_SIZE,
                 "the module is made for ABI %u of lined, and this is ABI %u: build it again",
                 module->abi, LINED_ABI);
        return NULL;
    }
    if (module->worker == NULL ||
        (module->worker->line == NULL) == (module->worker->task == NULL)) {
        snprintf(message, WORKER_MESSAGE_SIZE,
                 "the module has no worker with either a line or a task callback");
        return NULL;
    }
    return module->worker;
}

/* glibc loads this when a thread is ended from within, by pthread_exit(3) for example. A callback
 * must not do that, but it should be told so, and in the sandbox no file can be opened. Where it
 * cannot be loaded, that is all that is lost. */
static void load_unwinder(void)
{
    (void)dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_GLOBAL);
}

static const struct lined_worker *load(const char *name, char message[WORKER_MESSAGE_SIZE])
{
    char file[4096];

    /* dlopen(3) looks for a name without a slash in the library path; a user means the file here.
     */
    int length = snprintf(file, sizeof file, "%s%s", strchr(name, '/') == NULL ? "./" : "", name);
    if (length < 0 || (size_t)length >= sizeof file) {
        snprintf(message, WORKER_MESSAGE_SIZE, "the module's name is too long");
        return NULL;
    }
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        /* glibc's dlerror is thread-safe. NOLINTNEXTLINE(concurrency-mt-unsafe) */
        snprintf(message, WORKER_MESSAGE_SIZE, "the module cannot be loaded: %s", dlerror());
        return NULL;
    }
    const struct lined_module *module = dlsym(library, "lined_module");
    if (module == NULL) {
        snprintf(message, WORKER_MESSAGE_SIZE, "the module exports no lined_module, see lined.h");
        return NULL;
    }
    load_unwinder();
    return worker_of(module, message);
}

const struct lined_worker *worker_find(const char *name, char message[WORKER_MESSAGE_SIZE])
{
    if (is_file(name))
        return load(name, message);
    for (size_t i = 0; i < sizeof own_workers / sizeof own_workers[0]; i++) {
        if (strcmp(name, own_workers[i].name) == 0)
            return own_workers[i].worker;
    }
    snprintf(
        message, WORKER_MESSAGE_SIZE,
        "there is no worker of that name: there are received, chat and kv, and modules (FILE.so)");
    return NULL;
}
