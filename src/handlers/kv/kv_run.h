/*
 * The functions of the table of commands. Each answers client->command, which has the right number
 * of arguments.
 */
#ifndef KV_RUN_H
#define KV_RUN_H

struct client;

/* kv_strings.c */
void kv_run_get(struct client *client);
void kv_run_set(struct client *client);
void kv_run_setex(struct client *client);
void kv_run_psetex(struct client *client);
void kv_run_setnx(struct client *client);
void kv_run_getset(struct client *client);
void kv_run_getdel(struct client *client);
void kv_run_append(struct client *client);
void kv_run_strlen(struct client *client);
void kv_run_mget(struct client *client);
void kv_run_mset(struct client *client);

/* kv_numbers.c */
void kv_run_incr(struct client *client);
void kv_run_decr(struct client *client);
void kv_run_incrby(struct client *client);
void kv_run_decrby(struct client *client);

/* kv_keys.c */
void kv_run_del(struct client *client);
void kv_run_exists(struct client *client);
void kv_run_type(struct client *client);
void kv_run_keys(struct client *client);
void kv_run_scan(struct client *client);
void kv_run_dbsize(struct client *client);
void kv_run_flushall(struct client *client);

/* kv_expire.c */
void kv_run_expire(struct client *client);
void kv_run_pexpire(struct client *client);
void kv_run_ttl(struct client *client);
void kv_run_pttl(struct client *client);
void kv_run_persist(struct client *client);

/* kv_transaction.c */
void kv_run_multi(struct client *client);
void kv_run_exec(struct client *client);
void kv_run_discard(struct client *client);

/* kv_watch.c */
void kv_run_watch(struct client *client);
void kv_run_unwatch(struct client *client);

/* kv_connect.c */
void kv_run_hello(struct client *client);
void kv_run_select(struct client *client);
void kv_run_reset(struct client *client);
void kv_run_quit(struct client *client);
void kv_run_ping(struct client *client);
void kv_run_echo(struct client *client);

/* kv_auth.c */
void kv_run_auth(struct client *client);

/* kv_client.c */
void kv_run_client_getname(struct client *client);
void kv_run_client_id(struct client *client);
void kv_run_client_info(struct client *client);
void kv_run_client_setinfo(struct client *client);
void kv_run_client_setname(struct client *client);

/* kv_info.c */
void kv_run_info(struct client *client);
void kv_run_config_get(struct client *client);

/* kv_command_info.c */
void kv_run_command(struct client *client);
void kv_run_command_count(struct client *client);
void kv_run_command_docs(struct client *client);
void kv_run_command_info(struct client *client);

#endif
