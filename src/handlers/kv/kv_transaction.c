#include "kv_transaction.h"

#include "kv_command.h"
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"

#include <stdio.h>
#include <stdlib.h>

void kv_transaction_fail(struct client *client)
{
    client->transaction.has_failed = client->transaction.is_open;
}

bool kv_transaction_admit(struct client *client, size_t size)
{
    const size_t max = client->settings->max_value + RESP_COMMAND_MORE;
    char text[64];

    client->transaction.size += size;
    if (client->transaction.size <= max)
        return true;
    snprintf(text, sizeof text, "ERR transaction exceeds %zu bytes", max);
    kv_reply_error(&client->reply, text);
    return false;
}

void kv_transaction_end(struct client *client)
{
    struct kv_transaction *transaction = &client->transaction;

    kv_watch_end(client);
    for (size_t i = 0; i < transaction->count; i++)
        resp_command_deinit(&transaction->queue[i].words);
    free(transaction->queue);
    *transaction = (struct kv_transaction){0};
}

/* ---- the queue ---- */

static bool reserve(struct kv_transaction *transaction)
{
    if (transaction->count < transaction->room)
        return true;
    size_t room = 2 * transaction->room + 8;
    struct kv_queued *grown = realloc(transaction->queue, room * sizeof *grown);
    if (grown == NULL)
        return false;
    transaction->queue = grown;
    transaction->room = room;
    return true;
}

/* The queue takes the memory of the command. */
void kv_transaction_queue(struct client *client, const struct kv_command *command)
{
    struct kv_transaction *transaction = &client->transaction;

    if (!reserve(transaction)) {
        kv_transaction_fail(client);
        kv_error_no_memory(client);
        return;
    }
    if (!kv_transaction_admit(client,
                              sizeof *transaction->queue + resp_command_size(client->command))) {
        kv_transaction_fail(client);
        return;
    }
    transaction->queue[transaction->count++] = (struct kv_queued){command, *client->command};
    *client->command = (struct resp_command){0};
    kv_reply_simple(&client->reply, "QUEUED");
}

/* ---- EXEC ---- */

/* The shards of the keys of a command; all if it has no keys, because it may be about all of them.
 */
static kv_shards shards_of(const struct kv_store *store, const struct kv_queued *queued)
{
    const struct kv_key_range *range = &queued->command->keys;
    size_t end = range->last < 0 ? queued->words.count : (size_t)range->last + 1;
    kv_shards shards = 0;

    if (range->first == 0)
        return KV_ALL_SHARDS;
    for (size_t i = (size_t)range->first; i < end; i += (size_t)range->step)
        shards |= kv_shard_of(store, queued->words.arguments[i]);
    return shards;
}

static void run_queue(struct client *client)
{
    struct kv_transaction *transaction = &client->transaction;
    struct resp_command *exec = client->command;

    kv_reply_array(&client->reply, transaction->count);
    for (size_t i = 0; i < transaction->count; i++) {
        client->command = &transaction->queue[i].words;
        transaction->queue[i].command->run(client);
    }
    client->command = exec;
}

static void execute(struct client *client)
{
    const struct kv_transaction *transaction = &client->transaction;
    kv_shards shards = kv_watch_shards(client);

    for (size_t i = 0; i < transaction->count; i++)
        shards |= shards_of(client->store, &transaction->queue[i]);
    kv_reply_collect(&client->reply);
    kv_lock(client->store, shards);
    if (kv_watch_has_changed(client))
        kv_reply_null_array(&client->reply);
    else
        run_queue(client);
    kv_unlock(client->store, shards);
    kv_reply_send(&client->reply);
}

void kv_run_multi(struct client *client)
{
    if (client->transaction.is_open) {
        kv_reply_error(&client->reply, "ERR MULTI calls can not be nested");
        return;
    }
    client->transaction.is_open = true;
    kv_reply_simple(&client->reply, "OK");
}

void kv_run_exec(struct client *client)
{
    if (!client->transaction.is_open) {
        kv_reply_error(&client->reply, "ERR EXEC without MULTI");
        return;
    }
    if (client->transaction.has_failed)
        kv_reply_error(&client->reply,
                       "EXECABORT Transaction discarded because of previous errors.");
    else
        execute(client);
    kv_transaction_end(client);
}

void kv_run_discard(struct client *client)
{
    if (!client->transaction.is_open) {
        kv_reply_error(&client->reply, "ERR DISCARD without MULTI");
        return;
    }
    kv_transaction_end(client);
    kv_reply_simple(&client->reply, "OK");
}
