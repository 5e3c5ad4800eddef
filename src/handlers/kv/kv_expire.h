/*
 * The commands of kv for the expiry of a key. They are called as described in struct kv_command.
 */
#ifndef KV_EXPIRE_H
#define KV_EXPIRE_H

#include "kv_connection.h"

#include <stdbool.h>
#include <stdint.h>

/* The time that is amount units from now, on the clock of kv_now. False: there is no such time. As
 * in Redis, which counts milliseconds since 1970, the sum with these must fit in 64 bits. */
LINED_CHECK_RESULT bool kv_expiry_after(long long amount, long long unit_ms, int64_t *expires);

LINED_CHECK_RESULT int kv_do_expire(struct client *client);
LINED_CHECK_RESULT int kv_do_pexpire(struct client *client);
LINED_CHECK_RESULT int kv_do_persist(struct client *client);
LINED_CHECK_RESULT int kv_do_ttl(struct client *client);
LINED_CHECK_RESULT int kv_do_pttl(struct client *client);

#endif
