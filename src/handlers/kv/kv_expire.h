/*
 * Times of expiry, as commands give them.
 */
#ifndef KV_EXPIRE_H
#define KV_EXPIRE_H

#include <stdbool.h>
#include <stdint.h>

/* The time amount units after now, on the clock of kv_now; not KV_NEVER. False: it does not fit in
 * 64 bits, also if it is counted from 1970. */
bool kv_expiry_after(long long amount, long long unit_ms, int64_t *expires);

struct client;

/* The key expires at this time: the sweeper must know. During EXEC it is told after the unlock. */
void kv_expire_expect(struct client *client, int64_t expires);

#endif
