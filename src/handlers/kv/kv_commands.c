/* Flags, arities and ranges of keys are those of Redis 7.0. */
#include "kv_command.h"
#include "kv_run.h"
#include "resp.h"

#include <stddef.h>

#define NO_KEY   {0, 0, 0}
#define ONE_KEY  {1, 1, 1}
#define ALL_KEYS {1, -1, 1}
#define PAIRS    {1, -1, 2}
#define END      {.name = NULL}

#define ANYTIME    (KV_LOADING | KV_STALE)
#define CONNECTION (KV_NOSCRIPT | ANYTIME | KV_FAST | KV_NO_AUTH | KV_ALLOW_BUSY)
#define ADMIN      (KV_ADMIN | KV_NOSCRIPT | ANYTIME)
#define MULTI      (KV_NOSCRIPT | ANYTIME | KV_UNQUEUED)
#define UPDATE     (KV_WRITE | KV_DENYOOM | KV_FAST)
#define READ       (KV_READONLY | KV_FAST)

#define CLIENT (KV_NOSCRIPT | ANYTIME)

static const struct kv_command client_subcommands[] = {
    {"client|getname", 2, CLIENT, NO_KEY, kv_run_client_getname, NULL,
     "the name of the connection, or null"},
    {"client|id", 2, CLIENT, NO_KEY, kv_run_client_id, NULL, "the number of the connection"},
    {"client|info", 2, CLIENT, NO_KEY, kv_run_client_info, NULL, "what is known of the connection"},
    {"client|setinfo", 4, CLIENT, NO_KEY, kv_run_client_setinfo, NULL,
     "sets the name or the version of the client's library"},
    {"client|setname", 3, CLIENT, NO_KEY, kv_run_client_setname, NULL,
     "sets the name of the connection"},
    END,
};

static const struct kv_command command_subcommands[] = {
    {"command|count", 2, ANYTIME, NO_KEY, kv_run_command_count, NULL, "number of commands"},
    {"command|docs", -2, ANYTIME, NO_KEY, kv_run_command_docs, NULL, "the help of commands"},
    {"command|info", -2, ANYTIME, NO_KEY, kv_run_command_info, NULL,
     "arity, flags and keys of commands"},
    END,
};

static const struct kv_command config_subcommands[] = {
    {"config|get", -3, ADMIN, NO_KEY, kv_run_config_get, NULL, "settings and their values"},
    END,
};

/* The most frequent commands come first, because the lookup is linear. */
const struct kv_command kv_commands[] = {
    {"get", 2, READ, ONE_KEY, kv_run_get, NULL, "the value, or null"},
    {"set", -3, KV_WRITE | KV_DENYOOM, ONE_KEY, kv_run_set, NULL,
     "sets a value; NX: only if the key is new, XX: only if the key exists; GET: replies the value "
     "before"},
    {"incr", 2, UPDATE, ONE_KEY, kv_run_incr, NULL, "adds 1 to an integer of 64 bits"},
    {"mset", -3, KV_WRITE | KV_DENYOOM, PAIRS, kv_run_mset, NULL, "sets all values atomically"},
    {"ping", -1, KV_FAST, NO_KEY, kv_run_ping, NULL, "PONG, or the text"},
    {"mget", -2, READ, ALL_KEYS, kv_run_mget, NULL, "all values, read atomically"},
    {"del", -2, KV_WRITE, ALL_KEYS, kv_run_del, NULL, "removes keys; replies how many existed"},
    {"exists", -2, READ, ALL_KEYS, kv_run_exists, NULL, "how many of the keys exist"},
    {"decr", 2, UPDATE, ONE_KEY, kv_run_decr, NULL, "subtracts 1"},
    {"incrby", 3, UPDATE, ONE_KEY, kv_run_incrby, NULL, "adds the amount"},
    {"decrby", 3, UPDATE, ONE_KEY, kv_run_decrby, NULL, "subtracts the amount"},
    {"expire", -3, KV_WRITE | KV_FAST, ONE_KEY, kv_run_expire, NULL,
     "sets when the key expires; 0 or less removes it"},
    {"pexpire", -3, KV_WRITE | KV_FAST, ONE_KEY, kv_run_pexpire, NULL, "the same in milliseconds"},
    {"ttl", 2, READ, ONE_KEY, kv_run_ttl, NULL,
     "seconds left; -1: the key does not expire, -2: the key does not exist"},
    {"pttl", 2, READ, ONE_KEY, kv_run_pttl, NULL, "the same in milliseconds"},
    {"persist", 2, KV_WRITE | KV_FAST, ONE_KEY, kv_run_persist, NULL,
     "the key does not expire any more"},
    {"setex", 4, KV_WRITE | KV_DENYOOM, ONE_KEY, kv_run_setex, NULL, "sets a value that expires"},
    {"psetex", 4, KV_WRITE | KV_DENYOOM, ONE_KEY, kv_run_psetex, NULL, "the same in milliseconds"},
    {"setnx", 3, UPDATE, ONE_KEY, kv_run_setnx, NULL, "sets a value only if the key is new"},
    {"getset", 3, UPDATE, ONE_KEY, kv_run_getset, NULL, "sets a value; replies the value before"},
    {"getdel", 2, KV_WRITE | KV_FAST, ONE_KEY, kv_run_getdel, NULL,
     "removes a key; replies its value"},
    {"append", 3, UPDATE, ONE_KEY, kv_run_append, NULL,
     "appends to a value; replies its new length"},
    {"strlen", 2, READ, ONE_KEY, kv_run_strlen, NULL, "the length of the value"},
    {"type", 2, READ, ONE_KEY, kv_run_type, NULL, "string, or none"},
    {"unlink", -2, KV_WRITE | KV_FAST, ALL_KEYS, kv_run_del, NULL, "the same as DEL"},
    {"keys", 2, KV_READONLY | KV_NO_MULTI, NO_KEY, kv_run_keys, NULL,
     "the keys that match the pattern"},
    {"scan", -2, KV_READONLY | KV_NO_MULTI, NO_KEY, kv_run_scan, NULL,
     "a part of the keys, and the cursor for the next part"},
    {"multi", 1, MULTI | KV_FAST | KV_ALLOW_BUSY, NO_KEY, kv_run_multi, NULL,
     "begins a transaction: the next commands are queued"},
    {"exec", 1, MULTI | KV_SKIP_SLOWLOG, NO_KEY, kv_run_exec, NULL,
     "executes the queued commands atomically; null if a watched key has changed"},
    {"discard", 1, MULTI | KV_FAST | KV_ALLOW_BUSY, NO_KEY, kv_run_discard, NULL,
     "forgets the queued commands"},
    {"watch", -2, MULTI | KV_FAST | KV_ALLOW_BUSY, ALL_KEYS, kv_run_watch, NULL,
     "the next EXEC does nothing if one of the keys changes before"},
    {"unwatch", 1, (MULTI & ~KV_UNQUEUED) | KV_FAST | KV_ALLOW_BUSY, NO_KEY, kv_run_unwatch, NULL,
     "forgets the watched keys"},
    {"echo", 2, ANYTIME | KV_FAST, NO_KEY, kv_run_echo, NULL, "the text"},
    {"dbsize", 1, READ, NO_KEY, kv_run_dbsize, NULL, "number of keys"},
    {"flushall", -1, KV_WRITE, NO_KEY, kv_run_flushall, NULL, "removes all keys atomically"},
    {"flushdb", -1, KV_WRITE, NO_KEY, kv_run_flushall, NULL, "the same as FLUSHALL"},
    {"client", -2, 0, NO_KEY, NULL, client_subcommands, NULL},
    {"command", -1, ANYTIME, NO_KEY, kv_run_command, command_subcommands,
     "arity, flags and keys of all commands"},
    {"config", -2, 0, NO_KEY, NULL, config_subcommands, NULL},
    {"info", -1, ANYTIME, NO_KEY, kv_run_info, NULL, "versions, and numbers of keys"},
    {"hello", -1, CONNECTION, NO_KEY, kv_run_hello, NULL,
     "sets the protocol; information about the server"},
    {"select", 2, ANYTIME | KV_FAST, NO_KEY, kv_run_select, NULL, "OK: there is only database 0"},
    {"reset", 1, CONNECTION | KV_UNQUEUED, NO_KEY, kv_run_reset, NULL,
     "makes the connection like a new one"},
    {"auth", -2, CONNECTION, NO_KEY, kv_run_auth, NULL, "checks a password"},
    {"quit", -1, CONNECTION | KV_UNQUEUED, NO_KEY, kv_run_quit, NULL,
     "OK, and then the connection is closed"},
    END,
};

const struct kv_command *kv_command_find(const struct kv_command *list, size_t prefix,
                                         struct kv_bytes name)
{
    for (; list != NULL && list->name != NULL; list++) {
        if (resp_is(name, list->name + prefix))
            return list;
    }
    return NULL;
}
