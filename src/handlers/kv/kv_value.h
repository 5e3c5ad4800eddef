/*
 * Sending a value of the store.
 */
#ifndef KV_VALUE_H
#define KV_VALUE_H

#include "kv_connection.h"

/* Sends the value of an entry, or null if entry is NULL. Releases the entry. */
LINED_CHECK_RESULT int kv_send_value(struct client *client, struct kv_entry *entry);

#endif
