/*
 * The commands of kv.
 */
#ifndef KV_COMMANDS_H
#define KV_COMMANDS_H

#include "kv_connection.h"

#include <stddef.h>

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
