/* Sending to connections from outside: what lined.h says of lined_push and lined_broadcast. */
#include "courier.h"
#include "lined.h"
#include "registry.h"
#include "server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static int push_locked(struct registry_entry *entry, struct courier *courier, const void *bytes,
                       size_t size)
{
    int result = outbox_push_locked(&entry->outbox, bytes, size);

    courier_watch_locked(courier, entry);
    return result;
}

int lined_push(lined_handle handle, const void *bytes, size_t size)
{
    if (handle.server == NULL)
        return LINED_GONE;
    struct registry_entry *entry = registry_borrow(&handle.server->registry, handle.number);
    if (entry == NULL)
        return LINED_GONE;
    int result = push_locked(entry, &handle.server->courier, bytes, size);
    registry_return(entry);
    return result;
}

/* After a cut nothing can be sent: the rest of the members is left out. */
size_t lined_broadcast(lined_server *server, const void *bytes, size_t size, lined_handle except)
{
    uint64_t numbers[REGISTRY_STEP];
    uint32_t at = 0;
    size_t reached = 0;
    bool is_last = false;

    while (!is_last) {
        size_t count = registry_list_open(&server->registry, &at, numbers, &is_last);
        for (size_t i = 0; i < count; i++) {
            const lined_handle handle = {.server = server, .number = numbers[i]};
            if (registry_phase(&server->registry) == REGISTRY_CUT)
                return reached;
            if (!lined_handle_is(handle, except) && lined_push(handle, bytes, size) == LINED_OK)
                reached++;
        }
    }
    return reached;
}
