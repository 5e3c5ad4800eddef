/*
 * A connection of kv, for its commands.
 */
#ifndef KV_CONNECTION_H
#define KV_CONNECTION_H

#include "kv_reply.h"
#include "kv_settings.h"
#include "kv_store.h"
#include "kv_sweeper.h"
#include "resp.h"

#include <lined.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kv_command;

/* {0} is that of a new connection. */
struct kv_transaction {
    bool is_open;    /* after MULTI */
    bool has_failed; /* a command could not be queued: EXEC must fail */
    struct kv_queued {
        const struct kv_command *command;
        struct resp_command words; /* owned */
    } *queue;                      /* owned; count of them */
    size_t count, room;
    struct kv_watch *watches; /* owned, a list; NULL: none */
    size_t size;              /* bytes of memory of queue and watches; it has a maximum */
    int64_t soonest;          /* during EXEC: when the first of its keys expires, or KV_NEVER */
};

/* The data of one connection, for its thread alone. */
struct client {
    lined_conn *conn;
    const struct kv_settings *settings;
    struct kv_store *store;
    struct kv_sweeper *sweeper; /* of the store */
    struct resp_reader reader;
    struct resp_command *command; /* the one that is executed */
    struct kv_reply reply;
    struct kv_transaction transaction;
    bool is_authenticated; /* the client has sent the password */
    uint64_t id;           /* from 1; the server uses each number once */
    int64_t since;         /* when it connected, on the clock of kv_now */
    /* Owned, or NULL. Printable and without blanks. */
    char *name, *lib_name, *lib_version;
};

/* An argument of the command; number 0 is its name. */
static inline struct kv_bytes kv_argument(const struct client *client, size_t number)
{
    return client->command->arguments[number];
}

#endif
