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

/* What a connection works with. */
struct client {
    lined_conn *conn;
    struct kv_store *store;
    struct kv_sweeper *sweeper; /* of the store */
    struct resp_command *command;
    size_t unchecked; /* how much was sent since it was last asked whether the client is there */
    bool is_gone;     /* no reply can reach it any more */
};

#endif
