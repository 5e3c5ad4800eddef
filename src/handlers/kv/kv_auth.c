#include "kv_auth.h"

#include "kv_errors.h"
#include "resp_reply.h"

#include <string.h>

static bool is_user(const struct kv_bytes *user)
{
    return user->size == 7 && memcmp(user->bytes, "default", 7) == 0;
}

/* The time depends on the size of the guess, but not on the password. */
static bool is_password(const char *password, const struct kv_bytes *guess)
{
    size_t size = strlen(password); /* at least 1 */
    volatile unsigned char difference = size != guess->size;

    for (size_t i = 0; i < guess->size; i++)
        difference |= (unsigned char)(guess->bytes[i] ^ password[i % size]);
    return difference == 0;
}

bool kv_auth_is_missing(const struct client *client)
{
    return client->password != NULL && !client->is_authenticated;
}

void kv_auth_reset(struct client *client)
{
    client->is_authenticated = false;
    client->command->is_limited = kv_auth_is_missing(client);
}

bool kv_auth_check(struct client *client, const struct kv_bytes *user,
                   const struct kv_bytes *password)
{
    if (!is_user(user) || (client->password != NULL && !is_password(client->password, password)))
        return false;
    client->is_authenticated = true;
    client->command->is_limited = false;
    return true;
}

int kv_auth_send_wrong(struct client *client)
{
    return resp_send_error(client->conn,
                           "WRONGPASS invalid username-password pair or user is disabled.");
}

int kv_auth(struct client *client)
{
    static const struct kv_bytes default_user = {"default", 7};
    const struct kv_bytes *words = client->command->arguments;
    size_t count = client->command->count;

    if (count > 3)
        return kv_send_syntax(client);
    if (count == 2 && client->password == NULL)
        return resp_send_error(client->conn,
                               "ERR AUTH <password> called without any password configured for the "
                               "default user. Are you sure your configuration is correct?");
    if (!kv_auth_check(client, count == 2 ? &default_user : &words[1], &words[count - 1]))
        return kv_auth_send_wrong(client);
    return resp_send_simple(client->conn, "OK");
}
