#include "kv_client.h"

#include "kv_errors.h"
#include "resp_reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool kv_client_is_name(const struct kv_bytes *name)
{
    for (size_t i = 0; i < name->size; i++) {
        if (name->bytes[i] < '!' || name->bytes[i] > '~')
            return false;
    }
    return true;
}

int kv_client_send_bad_name(struct client *client)
{
    return resp_send_error(
        client->conn, "ERR Client names cannot contain spaces, newlines or special characters.");
}

bool kv_client_rename(char **text, const struct kv_bytes *name)
{
    char *copy = NULL;

    if (name->size > 0) {
        copy = malloc(name->size + 1);
        if (copy == NULL)
            return false;
        memcpy(copy, name->bytes, name->size);
        copy[name->size] = '\0';
    }
    free(*text);
    *text = copy;
    return true;
}

void kv_client_forget(struct client *client)
{
    free(client->name);
    free(client->lib_name);
    free(client->lib_version);
}

static int rename_and_reply(struct client *client, char **text, const struct kv_bytes *name)
{
    if (!kv_client_rename(text, name))
        return kv_send_no_memory(client);
    return resp_send_simple(client->conn, "OK");
}

int kv_client_setname(struct client *client)
{
    const struct kv_bytes *name = &client->command->arguments[2];

    if (!kv_client_is_name(name))
        return kv_client_send_bad_name(client);
    return rename_and_reply(client, &client->name, name);
}

int kv_client_getname(struct client *client)
{
    if (client->name == NULL)
        return resp_send_null(client->conn, client->protocol);
    return resp_send_text(client->conn, client->name);
}

int kv_client_id(struct client *client)
{
    return resp_send_number(client->conn, (long long)client->id);
}

/* With the errors of Redis 7.2, which has it first. */
int kv_client_setinfo(struct client *client)
{
    const struct kv_bytes *option = &client->command->arguments[2];
    const struct kv_bytes *value = &client->command->arguments[3];
    bool is_name = resp_is(option, "LIB-NAME");

    if (!is_name && !resp_is(option, "LIB-VER"))
        return kv_send_about(client, "Unrecognized option '", option, "'");
    if (!kv_client_is_name(value))
        return resp_send_error(client->conn,
                               is_name ? "ERR lib-name cannot contain spaces, newlines or special "
                                         "characters."
                                       : "ERR lib-ver cannot contain spaces, newlines or special "
                                         "characters.");
    return rename_and_reply(client, is_name ? &client->lib_name : &client->lib_version, value);
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* The fields of Redis that exist in kv. */
int kv_client_info(struct client *client)
{
    char peer[LINED_PEER_SIZE];
    const char *name = or_empty(client->name);
    const char *lib_name = or_empty(client->lib_name);
    const char *lib_version = or_empty(client->lib_version);
    size_t most = strlen(name) + strlen(lib_name) + strlen(lib_version) + sizeof peer + 256;
    char *text = malloc(most);

    if (text == NULL)
        return kv_send_no_memory(client);
    lined_peer(client->conn, peer);
    int size = snprintf(text, most,
                        "id=%" PRIu64 " addr=%s name=%s age=%" PRId64
                        " idle=0 flags=N db=0 sub=0 psub=0 multi=-1 cmd=client|info user=default "
                        "lib-name=%s lib-ver=%s resp=%d\n",
                        client->id, peer, name, (kv_now() - client->since) / 1000, lib_name,
                        lib_version, client->protocol);
    int result = resp_send_verbatim(client->conn, client->protocol, text, (size_t)size);
    free(text);
    return result;
}
