/*
 * The table of commands: lookup, arity errors, COMMAND, and the tests of docs/kv.md and of the
 * replies read it. docs/hacking.md has the steps for a new command.
 */
#ifndef KV_COMMAND_H
#define KV_COMMAND_H

#include "kv_bytes.h"

#include <stddef.h>

struct client;

/* The names that Redis has for flags, in its order. */
enum kv_flag {
    KV_WRITE = 1u << 0,
    KV_READONLY = 1u << 1,
    KV_DENYOOM = 1u << 2,
    KV_ADMIN = 1u << 3,
    KV_NOSCRIPT = 1u << 4,
    KV_LOADING = 1u << 5,
    KV_STALE = 1u << 6,
    KV_SKIP_SLOWLOG = 1u << 7,
    KV_FAST = 1u << 8,
    KV_NO_AUTH = 1u << 9,
    KV_ALLOW_BUSY = 1u << 10,
    /* Redis does not have the next, and COMMAND does not show them. */
    KV_UNQUEUED = 1u << 11, /* executed at once after MULTI, not queued */
    KV_NO_MULTI =
        1u << 12, /* not possible in a transaction, which would hold all locks for too long */
};

/* The arguments that are keys. EXEC locks the shards of these keys alone, so the function must use
 * no other keys. As in Redis: the first, the last (negative: from the end), and the distance
 * between two. {0}: none, and EXEC locks all shards. */
struct kv_key_range {
    signed char first, last, step;
};

struct kv_command {
    const char *name; /* in lower case; of a subcommand with its command: "config|get" */
    int arity;        /* number of arguments, including the name; negative: the minimum */
    unsigned flags;   /* of enum kv_flag */
    struct kv_key_range keys;
    void (*run)(struct client *client);   /* of kv_run.h; NULL: only valid with a subcommand */
    const struct kv_command *subcommands; /* NULL: none; otherwise a list like kv_commands */
    const char *help;                     /* one line; NULL if run is NULL */
};

/* Ends with an element without a name. */
extern const struct kv_command kv_commands[];

/* The command with this name; NULL: there is none. Names are compared behind the first prefix
 * bytes: those of "config|" in the list of subcommands of CONFIG. */
const struct kv_command *kv_command_find(const struct kv_command *list, size_t prefix,
                                         struct kv_bytes name);

#endif
