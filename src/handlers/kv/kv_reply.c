#include "kv_reply.h"

#include "integer.h"
#include "kv_room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of values that are sent between two checks that the client is still connected. */
#define CHECK_EVERY ((size_t)256 * 1024)

/* About the cost of an element of a reply besides its value, in bytes. */
#define ELEMENT_COST 32u

/* Of a reply that is too long. */
#define ERROR_SIZE (sizeof "-" KV_REPLY_TOO_LONG "\r\n")

/* ---- collecting ---- */

#if defined __GNUC__ && !defined __clang__ /* -fanalyzer misses that collected has the bytes */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static void collect(struct kv_reply *reply, const char *bytes, size_t size)
{
    struct kv_collected *collected = reply->collected;
    char *grown = kv_make_room(collected->bytes, collected->size, size, &collected->room, 1);

    if (grown == NULL) {
        reply->result = -ENOMEM;
        return;
    }
    memcpy(grown + collected->size, bytes, size);
    collected->size += size;
    collected->bytes = grown;
}
#if defined __GNUC__ && !defined __clang__
#pragma GCC diagnostic pop
#endif

/* Takes the reference. */
static void collect_value(struct kv_reply *reply, struct kv_entry *entry)
{
    struct kv_collected *collected = reply->collected;
    struct kv_inset *grown =
        kv_make_room(collected->insets, collected->count, 1, &collected->inset_room, sizeof *grown);

    if (grown == NULL) {
        reply->result = -ENOMEM;
        kv_entry_release(reply->memory, entry);
        return;
    }
    collected->insets = grown;
    grown[collected->count++] = (struct kv_inset){collected->size, entry};
}

/* True if these bytes, and these of a value, may be collected; then they count. */
static bool admit(struct kv_reply *reply, size_t size, size_t value)
{
    struct kv_collected *collected = reply->collected;

    if (reply->result != LINED_OK || reply->is_too_long)
        return false;
    reply->is_too_long = size > collected->left || value > collected->values_left;
    if (reply->is_too_long)
        return false;
    collected->left -= size;
    collected->values_left -= value;
    return true;
}

static void put(struct kv_reply *reply, const char *bytes, size_t size)
{
    if (reply->collected == NULL && reply->result == LINED_OK)
        reply->result = lined_send(reply->conn, bytes, size);
    else if (reply->collected != NULL && admit(reply, size, 0))
        collect(reply, bytes, size);
}

/* Takes the reference. */
static void put_value(struct kv_reply *reply, struct kv_entry *entry)
{
    struct kv_bytes value = kv_entry_value(entry);

    if (reply->collected != NULL && admit(reply, sizeof(struct kv_inset), value.size)) {
        collect_value(reply, entry);
        return;
    }
    if (reply->collected == NULL)
        put(reply, value.bytes, value.size);
    kv_entry_release(reply->memory, entry);
}

void kv_reply_collect(struct kv_reply *reply, struct kv_collected *collected, size_t max)
{
    *collected = (struct kv_collected){.left = max, .values_left = KV_REPLY_MAX};
    reply->collected = collected;
}

void kv_reply_send(struct kv_reply *reply)
{
    struct kv_collected *collected = reply->collected;
    size_t sent = 0;

    reply->collected = NULL;
    for (size_t i = 0; i < collected->count; i++) {
        const struct kv_inset *inset = &collected->insets[i];
        size_t size = kv_entry_value(inset->entry).size;
        if (reply->result == LINED_OK && !kv_reply_is_gone_after(reply, size)) {
            put(reply, collected->bytes + sent, inset->at - sent);
            put_value(reply, inset->entry);
        } else {
            kv_entry_release(reply->memory, inset->entry);
        }
        sent = inset->at;
    }
    if (sent < collected->size)
        put(reply, collected->bytes + sent, collected->size - sent);
    free(collected->bytes);
    free(collected->insets);
}

/* Releases the values from this number on. */
static void release_from(struct kv_reply *reply, size_t count)
{
    struct kv_collected *collected = reply->collected;

    while (collected->count > count)
        kv_entry_release(reply->memory, collected->insets[--collected->count].entry);
}

void kv_reply_forget(struct kv_reply *reply)
{
    release_from(reply, 0);
    free(reply->collected->bytes);
    free(reply->collected->insets);
    reply->collected = NULL;
}

void kv_reply_end(struct kv_reply *reply, const struct kv_collected *before)
{
    struct kv_collected *collected = reply->collected;

    if (!reply->is_too_long)
        return;
    release_from(reply, before->count);
    collected->size = before->size;
    collected->left = before->left > ERROR_SIZE ? before->left : ERROR_SIZE; /* it always fits */
    collected->values_left = before->values_left;
    reply->is_too_long = false;
    kv_reply_error(reply, KV_REPLY_TOO_LONG);
}

/* ---- the types of RESP ---- */

static void put_line(struct kv_reply *reply, char type, const char *text)
{
    put(reply, &type, 1);
    put(reply, text, strlen(text));
    put(reply, "\r\n", 2);
}

void kv_reply_simple(struct kv_reply *reply, const char *text)
{
    put_line(reply, '+', text);
}

void kv_reply_error(struct kv_reply *reply, const char *text)
{
    put_line(reply, '-', text);
}

static void put_number(struct kv_reply *reply, char type, long long number)
{
    char text[1 + INTEGER_MOST + 2] = {type};
    size_t size = 1 + integer_write(number, text + 1);

    text[size++] = '\r';
    text[size++] = '\n';
    put(reply, text, size);
}

void kv_reply_number(struct kv_reply *reply, long long number)
{
    put_number(reply, ':', number);
}

void kv_reply_bulk(struct kv_reply *reply, struct kv_bytes bytes)
{
    put_number(reply, '$', (long long)bytes.size);
    put(reply, bytes.bytes, bytes.size);
    put(reply, "\r\n", 2);
}

void kv_reply_text(struct kv_reply *reply, const char *text)
{
    kv_reply_bulk(reply, (struct kv_bytes){text, strlen(text)});
}

static void put_null(struct kv_reply *reply, char type)
{
    if (reply->protocol == 3)
        put(reply, "_\r\n", 3);
    else
        put_number(reply, type, -1);
}

void kv_reply_null(struct kv_reply *reply)
{
    put_null(reply, '$');
}

void kv_reply_null_array(struct kv_reply *reply)
{
    put_null(reply, '*');
}

void kv_reply_array(struct kv_reply *reply, size_t count)
{
    put_number(reply, '*', (long long)count);
}

void kv_reply_map(struct kv_reply *reply, size_t count)
{
    if (reply->protocol == 3)
        put_number(reply, '%', (long long)count);
    else
        kv_reply_array(reply, 2 * count);
}

void kv_reply_set(struct kv_reply *reply, size_t count)
{
    put_number(reply, reply->protocol == 3 ? '~' : '*', (long long)count);
}

/* The size includes the format, which is plain text. */
void kv_reply_verbatim(struct kv_reply *reply, const char *text, size_t size)
{
    static const char format[] = "txt:";
    size_t format_size = reply->protocol == 3 ? sizeof format - 1 : 0;
    size_t whole = format_size + size;

    put_number(reply, reply->protocol == 3 ? '=' : '$', (long long)whole);
    put(reply, format, format_size);
    put(reply, text, size);
    put(reply, "\r\n", 2);
}

/* ---- values ---- */

/* A few bytes can request gigabytes of values. If no reply can reach the client any more, the rest
 * of the reply is left out. Later commands of the client are still executed. */
bool kv_reply_is_gone_after(struct kv_reply *reply, size_t bytes)
{
    reply->unchecked += bytes + ELEMENT_COST;
    if (!reply->is_gone && reply->unchecked >= CHECK_EVERY) {
        reply->unchecked = 0;
        reply->is_gone = lined_peer_gone(reply->conn);
    }
    return reply->is_gone;
}

void kv_reply_value(struct kv_reply *reply, struct kv_entry *entry)
{
    size_t size = entry == NULL ? 0 : kv_entry_value(entry).size;

    if (reply->collected == NULL && kv_reply_is_gone_after(reply, size)) {
        kv_entry_release(reply->memory, entry);
    } else if (entry == NULL) {
        kv_reply_null(reply);
    } else {
        put_number(reply, '$', (long long)size);
        put_value(reply, entry);
        put(reply, "\r\n", 2);
    }
}

void kv_reply_values(struct kv_reply *reply, struct kv_entry **entries, size_t count)
{
    size_t size = 0;
    size_t sent = 0;

    for (size_t i = 0; i < count; i++)
        size += entries[i] == NULL ? 0 : kv_entry_value(entries[i]).size;
    if (size > KV_REPLY_MAX) {
        kv_reply_error(reply, KV_REPLY_TOO_LONG);
    } else {
        kv_reply_array(reply, count);
        while (sent < count && reply->result == LINED_OK)
            kv_reply_value(reply, entries[sent++]);
    }
    while (sent < count)
        kv_entry_release(reply->memory, entries[sent++]);
}
