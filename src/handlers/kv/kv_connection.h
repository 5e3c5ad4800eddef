/*
 * A connection of kv, for its commands.
 */
#ifndef KV_CONNECTION_H
#define KV_CONNECTION_H

#include "kv_store.h"
#include "kv_sweeper.h"
#include "resp.h"

#include <lined.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The data of one connection. */
struct client {
    lined_conn *conn;
    struct kv_store *store;
    struct kv_sweeper *sweeper; /* of the store */
    struct resp_command *command;
    const char *password;  /* NULL: none is necessary */
    bool is_authenticated; /* the client has sent it */
    int protocol;          /* 2, or 3 after HELLO 3 */
    uint64_t id;           /* from 1; the server uses each number once */
    int64_t since;         /* when it connected, on the clock of kv_now */
    /* Owned, or NULL. Printable and without blanks. */
    char *name, *lib_name, *lib_version;
    size_t unchecked; /* bytes sent since the last check that the client is connected */
    bool is_gone;     /* no reply can reach the client any more */
};

#endif
