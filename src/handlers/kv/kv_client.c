/* The subcommands of CLIENT. */
#include "kv_client.h"

#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Redis has no maximum. */
#define NAME_MAX_SIZE 256u

/* True if each byte is printable and none is a blank. */
static bool is_name(struct kv_bytes name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (name.bytes[i] < '!' || name.bytes[i] > '~')
            return false;
    }
    return true;
}

static void error_bad_name(struct client *client, const char *what)
{
    char text[96];

    snprintf(text, sizeof text, "ERR %s cannot contain spaces, newlines or special characters.",
             what);
    kv_reply_error(&client->reply, text);
}

/* Replaces *text, which is owned, by a copy of the name, or by NULL if this is empty. what is the
 * subject of the error. False: the client has the error. */
static bool set_text(struct client *client, char **text, const char *what, struct kv_bytes name)
{
    char *copy = NULL;

    if (!is_name(name)) {
        error_bad_name(client, what);
        return false;
    }
    if (name.size > NAME_MAX_SIZE) {
        kv_reply_error(&client->reply, "ERR a name exceeds 256 bytes");
        return false;
    }
    if (name.size > 0) {
        copy = strndup(name.bytes, name.size); /* a name has no NUL */
        if (copy == NULL) {
            kv_error_no_memory(client);
            return false;
        }
    }
    free(*text);
    *text = copy;
    return true;
}

bool kv_client_set_name(struct client *client, struct kv_bytes name)
{
    return set_text(client, &client->name, "Client names", name);
}

void kv_client_forget(struct client *client)
{
    free(client->name);
    free(client->lib_name);
    free(client->lib_version);
}

void kv_run_client_setname(struct client *client)
{
    if (kv_client_set_name(client, kv_argument(client, 2)))
        kv_reply_simple(&client->reply, "OK");
}

void kv_run_client_getname(struct client *client)
{
    if (client->name == NULL)
        kv_reply_null(&client->reply);
    else
        kv_reply_text(&client->reply, client->name);
}

void kv_run_client_id(struct client *client)
{
    kv_reply_number(&client->reply, (long long)client->id);
}

/* With the errors of Redis 7.2, which has it first. */
void kv_run_client_setinfo(struct client *client)
{
    struct kv_bytes option = kv_argument(client, 2);
    bool is_set;

    if (resp_is(option, "LIB-NAME")) {
        is_set = set_text(client, &client->lib_name, "lib-name", kv_argument(client, 3));
    } else if (resp_is(option, "LIB-VER")) {
        is_set = set_text(client, &client->lib_version, "lib-ver", kv_argument(client, 3));
    } else {
        kv_error_about(client, "Unrecognized option '", option, "'");
        return;
    }
    if (is_set)
        kv_reply_simple(&client->reply, "OK");
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* The fields of Redis 7.0, since redis-py needs them, and those of the library. What kv does not
 * have is 0. */
void kv_run_client_info(struct client *client)
{
    const struct kv_transaction *transaction = &client->transaction;
    char peer[LINED_PEER_SIZE];
    char text[3 * NAME_MAX_SIZE + LINED_PEER_SIZE + 512];

    lined_peer(client->conn, peer);
    int size =
        snprintf(text, sizeof text,
                 "id=%" PRIu64 " addr=%s name=%s age=%" PRId64 " idle=0 flags=%s db=0 sub=0 "
                 "psub=0 ssub=0 multi=%lld qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=%zu rbs=0 "
                 "rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r cmd=client|info user=default "
                 "redir=-1 lib-name=%s lib-ver=%s resp=%d\n",
                 client->id, peer, or_empty(client->name), (kv_now() - client->since) / 1000,
                 transaction->is_open ? "x" : "N",
                 transaction->is_open ? (long long)transaction->count : -1, transaction->size,
                 or_empty(client->lib_name), or_empty(client->lib_version), client->reply.protocol);
    kv_reply_verbatim(&client->reply, text, (size_t)size);
}
