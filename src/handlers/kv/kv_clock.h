/*
 * The clock of expiry: monotonic, in milliseconds.
 */
#ifndef KV_CLOCK_H
#define KV_CLOCK_H

#include <stdint.h>

#define KV_NEVER INT64_C(0) /* a time that means: does not expire */
#define KV_KEEP  INT64_MIN  /* for a new value: the time of the replaced one */

int64_t kv_now(void);

#endif
