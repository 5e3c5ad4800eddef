#include "kv_transaction.h"

#include "kv_command.h"
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_room.h"
#include "kv_run.h"

#include <stdio.h>
#include <stdlib.h>

void kv_transaction_fail(struct client *client)
{
    client->transaction.has_failed = client->transaction.is_open;
}

/* Of the memory of a transaction, and of that of its replies: as for one command. */
static size_t max_size(const struct client *client)
{
    return client->settings->max_value + RESP_COMMAND_MORE;
}

bool kv_transaction_add_size(struct client *client, size_t size)
{
    char text[64];

    client->transaction.size += size;
    if (client->transaction.size <= max_size(client))
        return true;
    snprintf(text, sizeof text, "ERR transaction exceeds %zu bytes", max_size(client));
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

/* The queue takes the memory of the command. */
void kv_transaction_queue(struct client *client, const struct kv_command *command)
{
    struct kv_transaction *transaction = &client->transaction;

    struct kv_queued *queue =
        kv_make_room(transaction->queue, transaction->count, 1, &transaction->room, sizeof *queue);

    if (queue == NULL) {
        kv_transaction_fail(client);
        kv_error_no_memory(client);
        return;
    }
    transaction->queue = queue;
    if (!kv_transaction_add_size(client, sizeof *queue + resp_command_size(client->command))) {
        kv_transaction_fail(client);
        return;
    }
    resp_command_shrink(client->command);
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
        const struct kv_collected before = *client->reply.collected;
        client->command = &transaction->queue[i].words;
        transaction->queue[i].command->run(client);
        kv_reply_end(&client->reply, &before);
    }
    client->command = exec;
}

static void execute(struct client *client)
{
    const struct kv_transaction *transaction = &client->transaction;
    struct kv_collected replies;
    kv_shards shards = kv_watch_shards(client);

    for (size_t i = 0; i < transaction->count; i++)
        shards |= shards_of(client->store, &transaction->queue[i]);
    kv_reply_collect(&client->reply, &replies, max_size(client));
    kv_lock(client->store, shards);
    if (kv_watch_has_changed(client))
        kv_reply_null_array(&client->reply);
    else
        run_queue(client);
    kv_unlock(client->store, shards);
    if (transaction->soonest != KV_NEVER)
        kv_sweeper_expect(client->sweeper, transaction->soonest);
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
