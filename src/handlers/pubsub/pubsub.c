/* Publish and subscribe: a message goes to the subscribers of a channel. It works in both modes. */
#include "pubsub.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_SIZE         65 /* 64 characters and a NUL */
#define CHANNELS_MAX      1000
#define SUBSCRIPTIONS_MAX 16 /* of one client */

struct subscription {
    struct channel *channel; /* NULL: a free entry. Only its client's callbacks use it */
    struct client *client;
    struct subscription *next, **place; /* lock; the next of the channel; the pointer to this one */
};

/* Its connection has a reference, and so has each copy of a channel's subscribers. */
struct client {
    atomic_uint references;
    atomic_ullong dropped; /* messages that were left out, and that it was not told of yet */
    lined_handle handle;
    struct subscription own[SUBSCRIPTIONS_MAX];
};

struct channel {
    char name[NAME_SIZE];       /* lock; changes only while there are no subscribers */
    size_t count;               /* lock; of subscribers; 0: a free entry */
    struct subscription *first; /* lock */
};

struct pubsub {
    uint32_t silence_ms; /* a client that sends nothing for this time is closed */
    size_t max_line;
    size_t pending_max;   /* half of push_limit: several publishers may check it at the same time */
    pthread_mutex_t lock; /* held for a search of a channel and a copy of a list, and in no send */
    size_t used;          /* lock; of the next array */
    struct channel channels[CHANNELS_MAX];
};

int pubsub_init(lined_server *server, const struct lined_options *options, void **context)
{
    struct pubsub *pubsub = calloc(1, sizeof *pubsub);

    (void)server;
    if (pubsub == NULL)
        return -ENOMEM;
    pubsub->silence_ms = options->idle_timeout_ms > 0 ? options->idle_timeout_ms : 180000;
    pubsub->max_line = options->max_line;
    pubsub->pending_max = options->push_limit / 2;
    pthread_mutex_init(&pubsub->lock, NULL);
    *context = pubsub;
    return LINED_OK;
}

void pubsub_fini(void *context)
{
    pthread_mutex_destroy(&((struct pubsub *)context)->lock);
    free(context);
}

/* The channel with this name, or a free one that gets the name. NULL: all are in use. */
static struct channel *find_locked(struct pubsub *pubsub, const char *name)
{
    struct channel *unused = NULL;

    for (size_t i = 0; i < pubsub->used; i++) {
        struct channel *channel = &pubsub->channels[i];
        if (channel->count == 0)
            unused = channel;
        else if (strcmp(channel->name, name) == 0)
            return channel;
    }
    if (unused == NULL && pubsub->used < CHANNELS_MAX)
        unused = &pubsub->channels[pubsub->used++];
    return unused == NULL ? NULL : memcpy(unused, name, strlen(name) + 1);
}

static void release(struct client *client)
{
    if (atomic_fetch_sub(&client->references, 1) == 1)
        free(client);
}

/* True: the client can take a message of this size, and was told how many it has missed. Then it
 * has read half of what waited; otherwise it would be told a number for each message. */
static bool is_ready(const struct pubsub *pubsub, struct client *client, size_t size)
{
    unsigned long long dropped = atomic_load(&client->dropped);
    size_t pending = dropped == 0 && size == 0 ? 0 : lined_pending(client->handle);
    char text[48];

    if (pending > 0 && pending + size > pubsub->pending_max / (dropped == 0 ? 1 : 2))
        return false;
    if (dropped == 0 || (dropped = atomic_exchange(&client->dropped, 0)) == 0)
        return true;
    int length = snprintf(text, sizeof text, "DROPPED %llu\n", dropped);
    return lined_push(client->handle, text, (size_t)length) == LINED_OK;
}

/* Returns how many clients got the message; SIZE_MAX if there is no memory. */
static size_t publish(struct pubsub *pubsub, const char *name, const char *message, size_t size)
{
    size_t count = 0;
    size_t reached = 0;

    pthread_mutex_lock(&pubsub->lock);
    const struct channel *channel = find_locked(pubsub, name);
    struct client **list = channel == NULL ? NULL : calloc(channel->count, sizeof(struct client *));
    const struct subscription *each = list == NULL ? NULL : channel->first;
    bool is_poor = channel != NULL && channel->count > 0 && list == NULL;
    for (; each != NULL; each = each->next) {
        atomic_fetch_add(&each->client->references, 1);
        list[count++] = each->client;
    }
    pthread_mutex_unlock(&pubsub->lock);
    for (size_t i = 0; i < count; i++) {
        if (is_ready(pubsub, list[i], size))
            reached += lined_push(list[i]->handle, message, size) == LINED_OK;
        else
            atomic_fetch_add(&list[i]->dropped, 1);
        release(list[i]);
    }
    free(list);
    return is_poor ? SIZE_MAX : reached;
}

/* The client's entry for the channel; for "" one that is free. NULL: there is none. */
static struct subscription *find_own(struct client *client, const char *name)
{
    for (struct subscription *own = client->own; own < client->own + SUBSCRIPTIONS_MAX; own++) {
        if (strcmp(own->channel == NULL ? "" : own->channel->name, name) == 0)
            return own;
    }
    return NULL;
}

/* This and the next function return NULL, or what is wrong with the channel. */
static const char *join(struct pubsub *pubsub, struct client *client, const char *name)
{
    struct subscription *own = find_own(client, "");

    if (find_own(client, name) != NULL)
        return "it is subscribed already";
    if (own == NULL)
        return "a client has at most 16, UNSUBSCRIBE from one of them first";
    own->client = client;
    pthread_mutex_lock(&pubsub->lock);
    struct channel *channel = own->channel = find_locked(pubsub, name);
    if (channel != NULL) {
        own->next = channel->first;
        own->place = &channel->first;
        if (own->next != NULL)
            own->next->place = &own->next;
        channel->first = own;
        channel->count++;
    }
    pthread_mutex_unlock(&pubsub->lock);
    return channel == NULL ? "there are 1000 others, subscribe to one of CHANNELS" : NULL;
}

static const char *leave(struct pubsub *pubsub, struct client *client, const char *name)
{
    struct subscription *own = find_own(client, name);

    if (own == NULL || own->channel == NULL)
        return "it is not subscribed, SUBSCRIBE to it first";
    pthread_mutex_lock(&pubsub->lock);
    *own->place = own->next;
    if (own->next != NULL)
        own->next->place = own->place;
    own->channel->count--;
    pthread_mutex_unlock(&pubsub->lock);
    own->channel = NULL;
    return NULL;
}

static int list_channels(struct pubsub *pubsub, lined_conn *conn)
{
    int result = LINED_OK;

    for (size_t i = 0; i < CHANNELS_MAX && result == LINED_OK; i++) {
        pthread_mutex_lock(&pubsub->lock);
        const struct channel channel = pubsub->channels[i];
        pthread_mutex_unlock(&pubsub->lock);
        if (channel.count > 0)
            result = lined_printf(conn, "CHANNEL %s %zu\n", channel.name, channel.count);
    }
    return result == LINED_OK ? lined_puts(conn, "OK\n") : result;
}

static int obey_channel(struct pubsub *pubsub, lined_conn *conn, struct client *client, char *text,
                        size_t length)
{
    bool publishes = strncasecmp(text, "PUBLISH ", 8) == 0;
    bool subscribes = strncasecmp(text, "SUBSCRIBE ", 10) == 0;
    char name[NAME_SIZE] = "";
    int end = 0;

    if (!publishes && !subscribes && strncasecmp(text, "UNSUBSCRIBE ", 12) != 0)
        return lined_printf(conn, "ERROR '%.80s': must be a command of HELP\n", text);
    sscanf(text, "%*s %64[a-zA-Z0-9._-]%n", name, &end);
    if (text[end] != (publishes ? ' ' : '\0')) /* also without a channel: then end is 0 */
        return lined_printf(conn, "ERROR '%.80s': needs 1 to 64 letters, digits, . - _%s\n", text,
                            publishes ? ", and a text" : "");
    if (publishes) {
        /* The line becomes the message. NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
        char *message = memcpy(text + end - strlen(name) - 8, "MESSAGE ", 8);
        text[length] = '\n';
        size_t reached = publish(pubsub, name, message, (size_t)(text + length + 1 - message));
        return reached == SIZE_MAX ? lined_puts(conn, "ERROR PUBLISH: no memory, try it again\n")
                                   : lined_printf(conn, "OK %zu\n", reached);
    }
    const char *wrong = subscribes ? join(pubsub, client, name) : leave(pubsub, client, name);
    return wrong == NULL ? lined_printf(conn, "OK %s\n", name)
                         : lined_printf(conn, "ERROR channel '%s': %s\n", name, wrong);
}

static int last_reply(lined_conn *conn, const char *text)
{
    int result = lined_puts(conn, text);

    return result == LINED_OK ? LINED_END : result;
}

static int obey(void *context, lined_conn *conn, void *state, char *text, size_t length)
{
    struct pubsub *pubsub = context;

    lined_set_deadline(conn, pubsub->silence_ms / 5 * 2);
    is_ready(pubsub, state, 0);
    if (length >= pubsub->max_line) /* a piece: the next one would be taken for a command */
        return last_reply(conn, "ERROR line: too long, send shorter ones or set --max-line\n");
    if (strcasecmp(text, "PONG") == 0)
        return LINED_OK;
    if (strcasecmp(text, "PING") == 0)
        return lined_puts(conn, "PONG\n");
    if (strcasecmp(text, "CHANNELS") == 0)
        return list_channels(pubsub, conn);
    if (strcasecmp(text, "QUIT") == 0)
        return last_reply(conn, "OK\n");
    if (strcasecmp(text, "HELP") == 0)
        return lined_puts(conn, "OK SUBSCRIBE channel, UNSUBSCRIBE channel, PUBLISH channel text, "
                                "CHANNELS, PING, PONG, QUIT\n");
    return obey_channel(pubsub, conn, state, text, length);
}

static int begin(void *context, lined_conn *conn, void **state)
{
    const struct pubsub *pubsub = context;
    struct client *client = *state = calloc(1, sizeof *client);

    if (client == NULL)
        return -ENOMEM;
    atomic_init(&client->references, 1);
    client->handle = lined_conn_handle(conn);
    lined_set_timeout(conn, LINED_TIMEOUT_IDLE, pubsub->silence_ms);
    lined_set_deadline(conn, pubsub->silence_ms / 5 * 2);
    return LINED_OK;
}

/* The idle timeout ends the connection before the third. */
static int ping(void *context, lined_conn *conn, void *state)
{
    const struct pubsub *pubsub = context;

    lined_set_deadline(conn, pubsub->silence_ms / 5 * 2);
    is_ready(pubsub, state, 0);
    return lined_puts(conn, "PING\n");
}

static void finish(void *context, lined_conn *conn, void *state, int reason)
{
    struct client *client = state;

    for (int i = 0; i < SUBSCRIPTIONS_MAX; i++)
        if (client->own[i].channel != NULL)
            leave(context, client, client->own[i].channel->name);
    if (reason == LINED_STOPPING || reason == LINED_IDLE_TIMEOUT)
        last_reply(conn, reason == LINED_STOPPING ? "BYE the server ends, connect again\n"
                                                  : "BYE no line came, answer PING with PONG\n");
    release(client);
}

const struct lined_handler lined_handler_pubsub = {
    .open = begin, .text = obey, .deadline = ping, .close = finish};
