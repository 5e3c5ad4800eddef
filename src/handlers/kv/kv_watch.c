/* A watched key is compared with its state at WATCH. Entries never change, and a watch has a
 * reference: so the key has the same value if it has the same entry. As a difference from Redis, a
 * key that was absent, was set and is absent again, counts as unchanged. In return a write does not
 * search for connections that watch its key. */
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"
#include "kv_transaction.h"

#include <stdlib.h>

struct kv_watch {
    struct kv_watch *next;
    struct kv_entry *entry; /* of the store; if the key is absent, one that only names the key */
    bool is_absent;
    int64_t expires;
};

kv_shards kv_watch_shards(const struct client *client)
{
    kv_shards shards = 0;

    for (const struct kv_watch *watch = client->transaction.watches; watch != NULL;
         watch = watch->next)
        shards |= kv_shard_of(client->store, kv_entry_key(watch->entry));
    return shards;
}

static bool has_changed(struct kv_store *store, const struct kv_watch *watch)
{
    int64_t expires;
    struct kv_entry *entry = kv_peek(store, kv_entry_key(watch->entry), &expires);
    bool is_same =
        watch->is_absent ? entry == NULL : entry == watch->entry && expires == watch->expires;

    kv_entry_release(entry);
    return !is_same;
}

bool kv_watch_has_changed(const struct client *client)
{
    const struct kv_watch *watch = client->transaction.watches;

    while (watch != NULL && !has_changed(client->store, watch))
        watch = watch->next;
    return watch != NULL;
}

static size_t size_of(const struct kv_watch *watch)
{
    return sizeof *watch + kv_entry_key(watch->entry).size;
}

void kv_watch_end(struct client *client)
{
    struct kv_transaction *transaction = &client->transaction;

    while (transaction->watches != NULL) {
        struct kv_watch *watch = transaction->watches;
        transaction->watches = watch->next;
        transaction->size -= size_of(watch);
        kv_entry_release(watch->entry);
        free(watch);
    }
}

/* NULL: no memory. */
static struct kv_watch *make_watch(struct kv_store *store, struct kv_bytes key)
{
    struct kv_watch *watch = malloc(sizeof *watch);

    if (watch == NULL)
        return NULL;
    watch->entry = kv_peek(store, key, &watch->expires);
    watch->is_absent = watch->entry == NULL;
    if (watch->is_absent)
        watch->entry = kv_entry_new(kv_memory_of(store), 0, key, (struct kv_bytes){"", 0});
    if (watch->entry == NULL) {
        free(watch);
        return NULL;
    }
    return watch;
}

/* After an error no key is watched, so that EXEC cannot succeed by mistake. */
void kv_run_watch(struct client *client)
{
    struct kv_transaction *transaction = &client->transaction;

    if (transaction->is_open) {
        kv_reply_error(&client->reply, "ERR WATCH inside MULTI is not allowed");
        return;
    }
    for (size_t i = 1; i < client->command->count; i++) {
        struct kv_watch *watch = make_watch(client->store, kv_argument(client, i));
        if (watch == NULL) {
            kv_watch_end(client);
            kv_error_no_memory(client);
            return;
        }
        watch->next = transaction->watches;
        transaction->watches = watch;
        if (!kv_transaction_admit(client, size_of(watch))) {
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
