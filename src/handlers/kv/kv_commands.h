/*
 * The commands of kv.
 */
#ifndef KV_COMMANDS_H
#define KV_COMMANDS_H

#include "kv_connection.h"

#include <stddef.h>

/* run answers client->command. The command has least to most arguments, including its name. run
 * returns the same results as the line callback of struct lined_handler. */
struct kv_command {
    const char *name;
    size_t least;
    size_t most;
    int (*run)(struct client *client);
};

extern const struct kv_command kv_commands[];
extern const size_t kv_command_count;

#endif
