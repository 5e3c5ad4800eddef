/* Sending to connections from outside: what lined.h says of lined_push and lined_broadcast. */
#include "courier.h"
#include "lined.h"
#include "registry.h"
#include "server.h"

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

struct broadcast {
    struct courier *courier;
    const void *bytes;
    size_t size;
    uint64_t except;
    size_t reached;
};

static void push_one_of_all(struct registry_entry *entry, void *context)
{
    struct broadcast *broadcast = context;

    if (entry->number != broadcast->except &&
        push_locked(entry, broadcast->courier, broadcast->bytes, broadcast->size) == LINED_OK)
        broadcast->reached++;
}

size_t lined_broadcast(lined_server *server, const void *bytes, size_t size, lined_handle except)
{
    struct broadcast broadcast = {.courier = &server->courier,
                                  .bytes = bytes,
                                  .size = size,
                                  .except = except.server == server ? except.number : 0};

    registry_visit(&server->registry, push_one_of_all, &broadcast);
    return broadcast.reached;
}
