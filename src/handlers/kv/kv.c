/* A key-value server with enough RESP2 and RESP3 for Redis clients. It is a task that receives
 * commands, because their arguments have announced lengths. Errors have the texts of Redis. */
#include "kv.h"

#include "kv_auth.h"
#include "kv_client.h"
#include "kv_connection.h"
#include "kv_dispatch.h"
#include "kv_errors.h"
#include "kv_transaction.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A web page can make a browser send HTTP to this port, and the lines of the request would be
 * commands (cross-protocol scripting). Redis ends the connection without a reply at POST, and at
 * Host:, which browsers send before any text that the page has chosen. Here the request line ends
 * the connection too: a page can make its own name resolve to this host, and can then choose the
 * method, and DEL and SET are commands. "METHOD TARGET HTTP/1.1": RFC 9112, 3. */
static bool is_http(const struct resp_command *command)
{
    const struct kv_bytes *words = command->arguments;

    return resp_is(words[0], "POST") || resp_is(words[0], "Host:") ||
           (command->is_inline && command->count == 3 && words[2].size >= 5 &&
            memcmp(words[2].bytes, "HTTP/", 5) == 0);
}

static int serve_commands(struct client *client)
{
    while (client->reply.result == LINED_OK) {
        int result = resp_read(&client->reader, client->command);
        if (client->reader.problem[0] != '\0')
            kv_error_protocol(client, client->reader.problem);
        if (result != LINED_OK)
            return client->reply.result == LINED_OK ? result : client->reply.result;
        if (client->command->count > 0 && is_http(client->command))
            return LINED_END;
        if (client->command->count > 0)
            kv_dispatch(client);
    }
    return client->reply.result;
}

/* Shared by all connections. */
struct kv {
    struct kv_settings settings;
    struct kv_store *store;
    struct kv_sweeper sweeper;
    _Atomic uint64_t ids; /* the last id of a connection */
};

static int serve(void *context, lined_conn *conn, void *state)
{
    struct kv *kv = context;
    struct resp_command command = {0};
    struct client client = {.conn = conn,
                            .settings = &kv->settings,
                            .store = kv->store,
                            .sweeper = &kv->sweeper,
                            .reader = {.conn = conn,
                                       .max_argument = kv->settings.max_value,
                                       .max_inline = kv->settings.max_inline},
                            .command = &command,
                            .reply = {.conn = conn,
                                      .memory = kv_memory_of(kv->store),
                                      .protocol = 2,
                                      .result = LINED_OK},
                            .id = atomic_fetch_add(&kv->ids, 1) + 1,
                            .since = kv_now()};

    (void)state;
    kv_auth_reset(&client);
    int reason = serve_commands(&client);
    kv_transaction_end(&client);
    kv_client_forget(&client);
    resp_command_deinit(&command);
    return reason;
}

int kv_init(lined_server *server, const struct lined_options *options, void **context)
{
    static const struct kv_settings defaults = {
        .max_memory = UINT64_MAX, .max_value = KV_VALUE_DEFAULT, .max_inline = KV_INLINE_DEFAULT};
    const struct kv_settings *settings = *context == NULL ? &defaults : *context;
    struct kv *kv = malloc(sizeof *kv);
    struct kv_store *store = kv_store_new(settings->max_memory);

    (void)server;
    (void)options;
    if (kv == NULL || store == NULL) {
        kv_store_free(store);
        free(kv);
        return -ENOMEM;
    }
    kv->settings = *settings;
    kv->store = store;
    atomic_init(&kv->ids, 0);
    kv_sweeper_init(&kv->sweeper, store);
    *context = kv;
    return LINED_OK;
}

void kv_fini(void *context)
{
    struct kv *kv = context;

    kv_sweeper_deinit(&kv->sweeper);
    kv_store_free(kv->store);
    free(kv);
}

/* The text of Redis, for both limits: Redis has no limit per address. */
#define REJECTED "-ERR max number of clients reached\r\n"

const struct lined_handler lined_handler_kv = {
    .task = serve, .reject_busy = REJECTED, .reject_per_ip = REJECTED};
