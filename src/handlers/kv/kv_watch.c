/* A watched key is compared with its version at WATCH. So a write does not search for connections
 * that watch its key. As a difference from Redis, a key that was absent, was set and is absent
 * again, counts as unchanged. */
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"
#include "kv_transaction.h"

#include <stdlib.h>
#include <string.h>

struct kv_watch {
    struct kv_watch *next;
    uint64_t version; /* at WATCH */
    size_t size;
    char key[]; /* size bytes */
};

static struct kv_bytes key_of(const struct kv_watch *watch)
{
    return (struct kv_bytes){watch->key, watch->size};
}

kv_shards kv_watch_shards(const struct client *client)
{
    kv_shards shards = 0;

    for (const struct kv_watch *watch = client->transaction.watches; watch != NULL;
         watch = watch->next)
        shards |= kv_shard_of(client->store, key_of(watch));
    return shards;
}

bool kv_watch_has_changed(const struct client *client)
{
    for (const struct kv_watch *watch = client->transaction.watches; watch != NULL;
         watch = watch->next) {
        if (kv_state(client->store, key_of(watch)).version != watch->version)
            return true;
    }
    return false;
}

void kv_watch_end(struct client *client)
{
    struct kv_transaction *transaction = &client->transaction;

    while (transaction->watches != NULL) {
        struct kv_watch *watch = transaction->watches;
        transaction->watches = watch->next;
        transaction->size -= sizeof *watch + watch->size;
        free(watch);
    }
}

/* False: the client has the error. */
static bool watch_key(struct client *client, struct kv_bytes key)
{
    struct kv_watch *watch = malloc(sizeof *watch + key.size);

    if (watch == NULL) {
        kv_error_no_memory(client);
        return false;
    }
    watch->version = kv_state(client->store, key).version;
    watch->size = key.size;
    memcpy(watch->key, key.bytes, key.size);
    watch->next = client->transaction.watches;
    client->transaction.watches = watch;
    return kv_transaction_add_size(client, sizeof *watch + key.size);
}

/* After an error no key is watched, so that EXEC cannot succeed by mistake. */
void kv_run_watch(struct client *client)
{
    if (client->transaction.is_open) {
        kv_reply_error(&client->reply, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    for (size_t i = 1; i < client->command->count; i++) {
        if (!watch_key(client, kv_argument(client, i))) {
            kv_watch_end(client);
            return;
        }
    }
    kv_reply_simple(&client->reply, "OK");
}

void kv_run_unwatch(struct client *client)
{
    kv_watch_end(client);
    kv_reply_simple(&client->reply, "OK");
}
