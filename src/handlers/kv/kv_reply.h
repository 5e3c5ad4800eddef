/*
 * The replies of a connection, in RESP2 or RESP3. For its thread alone.
 *
 * A function after which the connection must end says so in result, and later functions send
 * nothing. So a command sends its whole reply without checks between.
 *
 * The replies of a transaction are collected while its locks are held, without copies of values,
 * and sent afterwards.
 */
#ifndef KV_REPLY_H
#define KV_REPLY_H

#include "kv_entry.h"

#include <lined.h>

#include <stdbool.h>
#include <stddef.h>

/* The maximum size of the keys and values of one reply. */
#define KV_REPLY_BYTES 536870912
#define KV_REPLY_MAX   ((size_t)KV_REPLY_BYTES)

enum kv_part { KV_KEY, KV_VALUE };

/* Replies that are not sent yet: bytes, and parts of entries that belong between them. {0}: none.
 */
struct kv_collected {
    char *bytes; /* owned */
    size_t size, room;
    struct kv_inset {
        size_t at;              /* it comes before this byte */
        struct kv_entry *entry; /* owns a reference */
        enum kv_part part;
    } *insets; /* owned */
    size_t count, inset_room;
};

/* {.conn, .protocol = 2, .result = LINED_OK} are the replies of a new connection. */
struct kv_reply {
    lined_conn *conn;
    int protocol;     /* 2, or 3 after HELLO 3 */
    int result;       /* LINED_OK, or the reason why the connection ends */
    size_t left;      /* bytes of keys and values that the reply may still have */
    size_t unchecked; /* bytes sent since the last check that the client is connected */
    bool is_gone;     /* no reply can reach the client any more */
    bool is_collecting;
    struct kv_collected collected;
};

/* Begins the reply to a command. */
void kv_reply_begin(struct kv_reply *reply);

void kv_reply_simple(struct kv_reply *reply, const char *text); /* +OK */
void kv_reply_error(struct kv_reply *reply, const char *text);  /* -ERR ... */
void kv_reply_number(struct kv_reply *reply, long long number);
void kv_reply_bulk(struct kv_reply *reply, struct kv_bytes bytes);
void kv_reply_text(struct kv_reply *reply, const char *text); /* as a bulk string */
void kv_reply_null(struct kv_reply *reply);
void kv_reply_null_array(struct kv_reply *reply);
void kv_reply_array(struct kv_reply *reply, size_t count); /* the elements follow */

/* In RESP2 these are arrays and bulk strings. count keys, each with its value, or count elements,
 * follow. */
void kv_reply_map(struct kv_reply *reply, size_t count);
void kv_reply_set(struct kv_reply *reply, size_t count);
void kv_reply_verbatim(struct kv_reply *reply, const char *text, size_t size);

/* The value of an entry, or null if it is NULL. Releases the entry. */
void kv_reply_value(struct kv_reply *reply, struct kv_entry *entry);

/* An array of the keys or the values of entries. Releases the entries, not the array. */
void kv_reply_entries(struct kv_reply *reply, struct kv_entry **entries, size_t count,
                      enum kv_part part);

/* True if no reply can reach the client any more. A system call after each 256 KiB, no more. */
bool kv_reply_is_gone(struct kv_reply *reply);

/* From kv_reply_collect to kv_reply_send the replies are only collected. They fail with -ENOMEM
 * without memory. */
void kv_reply_collect(struct kv_reply *reply);
void kv_reply_send(struct kv_reply *reply);

#endif
