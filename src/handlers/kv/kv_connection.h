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

/* The data of one connection. */
struct client {
    lined_conn *conn;
    struct kv_store *store;
    struct kv_sweeper *sweeper; /* of the store */
    struct resp_command *command;
    size_t unchecked; /* bytes sent since the last check that the client is connected */
    bool is_gone;     /* no reply can reach the client any more */
};

#endif
