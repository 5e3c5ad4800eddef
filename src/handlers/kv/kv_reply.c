#include "kv_reply.h"

#include "integer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of values that are sent between two checks that the client is still connected. */
#define CHECK_EVERY ((size_t)256 * 1024)

/* About the cost of an element of a reply besides its value, in bytes. */
#define ELEMENT_COST 32u

#define AS_TEXT(number)  AS_TEXT_(number)
#define AS_TEXT_(number) #number

void kv_reply_begin(struct kv_reply *reply)
{
    reply->left = KV_REPLY_MAX;
}

/* ---- collecting ---- */

/* Makes room for more elements of this size behind count. NULL: no memory, and array is unchanged.
 */
static void *make_room(void *array, size_t count, size_t more, size_t *room, size_t size)
{
    if (count + more <= *room)
        return array;
    size_t grown_room = 2 * (count + more);
    void *grown = realloc(array, grown_room * size);
    if (grown != NULL)
        *room = grown_room;
    return grown;
}

static int collect(struct kv_collected *collected, const char *bytes, size_t size)
{
    char *grown = make_room(collected->bytes, collected->size, size, &collected->room, 1);

    if (grown == NULL)
        return -ENOMEM;
    collected->bytes = grown;
    memcpy(grown + collected->size, bytes, size);
    collected->size += size;
    return LINED_OK;
}

/* Takes the reference. */
static int collect_part(struct kv_collected *collected, struct kv_entry *entry, enum kv_part part)
{
    struct kv_inset *grown =
        make_room(collected->insets, collected->count, 1, &collected->inset_room, sizeof *grown);

    if (grown == NULL) {
        kv_entry_release(entry);
        return -ENOMEM;
    }
    collected->insets = grown;
    grown[collected->count++] = (struct kv_inset){collected->size, entry, part};
    return LINED_OK;
}

static void put(struct kv_reply *reply, const char *bytes, size_t size)
{
    if (reply->result != LINED_OK)
        return;
    reply->result = reply->is_collecting ? collect(&reply->collected, bytes, size)
                                         : lined_send(reply->conn, bytes, size);
}

static struct kv_bytes part_of(const struct kv_entry *entry, enum kv_part part)
{
    return part == KV_KEY ? kv_entry_key(entry) : kv_entry_value(entry);
}

/* Takes the reference. */
static void put_part(struct kv_reply *reply, struct kv_entry *entry, enum kv_part part)
{
    if (reply->is_collecting && reply->result == LINED_OK) {
        reply->result = collect_part(&reply->collected, entry, part);
        return;
    }
    struct kv_bytes bytes = part_of(entry, part);
    reply->unchecked += bytes.size;
    put(reply, bytes.bytes, bytes.size);
    kv_entry_release(entry);
}

void kv_reply_collect(struct kv_reply *reply)
{
    reply->is_collecting = true;
}

void kv_reply_send(struct kv_reply *reply)
{
    struct kv_collected collected = reply->collected;
    size_t sent = 0;

    reply->collected = (struct kv_collected){0};
    reply->is_collecting = false;
    for (size_t i = 0; i < collected.count; i++) {
        const struct kv_inset *inset = &collected.insets[i];
        if (reply->result == LINED_OK && !kv_reply_is_gone(reply)) {
            put(reply, collected.bytes + sent, inset->at - sent);
            put_part(reply, inset->entry, inset->part);
        } else {
            kv_entry_release(inset->entry);
        }
        sent = inset->at;
    }
    put(reply, collected.bytes + sent, collected.size - sent);
    free(collected.bytes);
    free(collected.insets);
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

void kv_reply_null(struct kv_reply *reply)
{
    if (reply->protocol == 3)
        put(reply, "_\r\n", 3);
    else
        put_number(reply, '$', -1);
}

void kv_reply_null_array(struct kv_reply *reply)
{
    if (reply->protocol == 3)
        put(reply, "_\r\n", 3);
    else
        put_number(reply, '*', -1);
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

/* ---- entries ---- */

/* A few bytes can request gigabytes of values. If no reply can reach the client any more, the rest
 * of the reply is left out. Later commands of the client are still executed. */
bool kv_reply_is_gone(struct kv_reply *reply)
{
    reply->unchecked += ELEMENT_COST;
    if (!reply->is_gone && reply->unchecked >= CHECK_EVERY) {
        reply->unchecked = 0;
        reply->is_gone = lined_peer_gone(reply->conn);
    }
    return reply->is_gone;
}

/* False: the reply would be too long, and the client has the error. */
static bool fits(struct kv_reply *reply, size_t size)
{
    if (size > reply->left) {
        kv_reply_error(reply, "ERR reply exceeds " AS_TEXT(KV_REPLY_BYTES) " bytes");
        return false;
    }
    reply->left -= size;
    return true;
}

static void put_entry(struct kv_reply *reply, struct kv_entry *entry, enum kv_part part)
{
    if (!reply->is_collecting && kv_reply_is_gone(reply)) {
        kv_entry_release(entry);
    } else if (entry == NULL) {
        kv_reply_null(reply);
    } else {
        put_number(reply, '$', (long long)part_of(entry, part).size);
        put_part(reply, entry, part);
        put(reply, "\r\n", 2);
    }
}

void kv_reply_value(struct kv_reply *reply, struct kv_entry *entry)
{
    if (entry == NULL || fits(reply, kv_entry_value(entry).size))
        put_entry(reply, entry, KV_VALUE);
    else
        kv_entry_release(entry);
}

void kv_reply_entries(struct kv_reply *reply, struct kv_entry **entries, size_t count,
                      enum kv_part part)
{
    size_t size = 0;
    size_t sent = 0;

    for (size_t i = 0; i < count; i++)
        size += entries[i] == NULL ? 0 : part_of(entries[i], part).size;
    if (fits(reply, size)) {
        kv_reply_array(reply, count);
        while (sent < count && reply->result == LINED_OK)
            put_entry(reply, entries[sent++], part);
    }
    while (sent < count)
        kv_entry_release(entries[sent++]);
}
