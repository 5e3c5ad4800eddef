/*
 * The commands of kv.
 */
#ifndef KV_COMMANDS_H
#define KV_COMMANDS_H

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

/* Each answers client->command, whose arguments are as many as least and most say, the name
 * counted. Returns as lined_handler's line does. */
struct kv_command {
    const char *name;
    size_t least;
    size_t most;
    int (*run)(struct client *client);
};

extern const struct kv_command kv_commands[];
extern const size_t kv_command_count;

#endif
