/*
 * The replies of a connection, in RESP2 or RESP3. For its thread alone.
 *
 * If sending fails, the function stores the reason in result, and later functions send nothing. So
 * a command sends its whole reply without checks between.
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

/* The maximum size of the values of a reply, and of the keys of KEYS and SCAN. */
#define KV_REPLY_MAX      ((size_t)512 * 1024 * 1024)
#define KV_REPLY_TOO_LONG "ERR reply exceeds the maximum size"

/* Replies that are not sent yet: bytes, and values that belong between them. */
struct kv_collected {
    char *bytes; /* owned */
    size_t size, room;
    struct kv_inset {
        size_t at;              /* it comes before this byte */
        struct kv_entry *entry; /* owns a reference */
    } *insets;                  /* owned */
    size_t count, inset_room;
    size_t left;        /* bytes of memory that may still be used */
    size_t values_left; /* bytes of values that may still be collected */
};

/* {.conn, .memory, .protocol = 2, .result = LINED_OK} are the replies of a new connection. */
struct kv_reply {
    lined_conn *conn;
    struct kv_memory *memory; /* of the entries */
    int protocol;             /* 2, or 3 after HELLO 3 */
    int result;               /* LINED_OK, or the reason why the connection ends */
    size_t unchecked;         /* bytes sent since the last check that the client is connected */
    bool is_gone;             /* no reply can reach the client any more */
    bool is_too_long; /* a collected reply exceeds the maximum; the rest of it is left out */
    struct kv_collected *collected; /* not NULL: replies are collected */
};

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

/* An array of the values of entries. Releases the entries, not the array of the caller. */
void kv_reply_values(struct kv_reply *reply, struct kv_entry **entries, size_t count);

/* Adds to the work for a reply, in bytes. True: no reply can reach the client any more. Checks this
 * once in 256 KiB, since it is a system call. */
bool kv_reply_is_gone_after(struct kv_reply *reply, size_t bytes);

/* ---- collected replies ---- */

/* Collects the next replies, until kv_reply_send sends them. They may use max bytes of memory, and
 * have values of KV_REPLY_MAX bytes besides. Without memory the result is -ENOMEM. */
void kv_reply_collect(struct kv_reply *reply, struct kv_collected *collected, size_t max);
void kv_reply_send(struct kv_reply *reply);

/* Forgets them instead. */
void kv_reply_forget(struct kv_reply *reply);

/* Ends a reply; before it, the collected replies were these. If it is too long, it becomes an
 * error. */
void kv_reply_end(struct kv_reply *reply, const struct kv_collected *before);

#endif
