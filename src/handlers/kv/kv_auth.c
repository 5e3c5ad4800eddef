#include "kv_auth.h"

#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_run.h"

#include <string.h>

static bool is_user(struct kv_bytes user)
{
    return user.size == 7 && memcmp(user.bytes, "default", 7) == 0;
}

/* The time depends on the size of the guess, but not on the password. */
static bool is_password(const char *password, struct kv_bytes guess)
{
    size_t size = strlen(password); /* at least 1 */
    volatile unsigned char difference = size != guess.size;

    for (size_t i = 0; i < guess.size; i++)
        difference |= (unsigned char)(guess.bytes[i] ^ password[i % size]);
    return difference == 0;
}

bool kv_auth_is_missing(const struct client *client)
{
    return client->settings->password != NULL && !client->is_authenticated;
}

void kv_auth_reset(struct client *client)
{
    client->is_authenticated = false;
    client->reader.is_limited = kv_auth_is_missing(client);
}

bool kv_auth_check(struct client *client, struct kv_bytes user, struct kv_bytes password)
{
    const char *right = client->settings->password;

    if (!is_user(user) || (right != NULL && !is_password(right, password))) {
        kv_reply_error(&client->reply,
                       "WRONGPASS invalid username-password pair or user is disabled.");
        return false;
    }
    client->is_authenticated = true;
    client->reader.is_limited = false;
    return true;
}

void kv_run_auth(struct client *client)
{
    size_t count = client->command->count;
    struct kv_bytes user = count == 2 ? (struct kv_bytes){"default", 7} : kv_argument(client, 1);

    if (count > 3)
        kv_error_syntax(client);
    else if (count == 2 && client->settings->password == NULL)
        kv_reply_error(&client->reply,
                       "ERR AUTH <password> called without any password configured for the default "
                       "user. Are you sure your configuration is correct?");
    else if (kv_auth_check(client, user, kv_argument(client, count - 1)))
        kv_reply_simple(&client->reply, "OK");
}
