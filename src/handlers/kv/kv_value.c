#include "kv_value.h"

#include "resp_reply.h"

/* Bytes of values that are sent between two checks that the client is still connected. */
#define CHECK_EVERY ((size_t)256 * 1024)

/* About the cost of an element of a reply besides its value, in bytes. */
#define ELEMENT_COST 32u

/* A few bytes can request gigabytes of values. If no reply can reach the client any more, the rest
 * of the reply is left out. Later commands of the client are still executed. */
static bool is_gone(struct client *client)
{
    if (!client->is_gone && client->unchecked >= CHECK_EVERY) {
        client->unchecked = 0;
        client->is_gone = lined_peer_gone(client->conn);
    }
    return client->is_gone;
}

int kv_send_value(struct client *client, struct kv_entry *entry)
{
    int result;

    if (is_gone(client)) {
        result = LINED_OK;
    } else if (entry == NULL) {
        result = resp_send_null(client->conn, client->protocol);
    } else {
        struct kv_bytes value = kv_entry_value(entry);
        client->unchecked += value.size;
        result = resp_send_bulk(client->conn, value.bytes, value.size);
    }
    client->unchecked += ELEMENT_COST;
    kv_entry_release(entry);
    return result;
}
