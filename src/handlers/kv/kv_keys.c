/* Commands about keys, whatever their values are. */
#include "integer.h"
#include "kv_connection.h"
#include "kv_errors.h"
#include "kv_glob.h"
#include "kv_run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* Bounds the time for one key: comparing takes at most the product of both sizes in steps. */
#define PATTERN_MAX 256u

/* Steps of SCAN for each key that COUNT asks for, as in Redis. */
#define STEPS_FOR_EACH 10u

void kv_run_del(struct client *client)
{
    size_t deleted =
        kv_delete(client->store, &client->command->arguments[1], client->command->count - 1);

    kv_reply_number(&client->reply, (long long)deleted);
}

void kv_run_exists(struct client *client)
{
    size_t found =
        kv_count_of(client->store, &client->command->arguments[1], client->command->count - 1);

    kv_reply_number(&client->reply, (long long)found);
}

void kv_run_type(struct client *client)
{
    bool exists = kv_count_of(client->store, &client->command->arguments[1], 1) == 1;

    kv_reply_simple(&client->reply, exists ? "string" : "none");
}

void kv_run_dbsize(struct client *client)
{
    kv_reply_number(&client->reply, (long long)kv_counts(client->store).keys);
}

/* SYNC and ASYNC mean the same: all keys are removed before the reply. */
void kv_run_flushall(struct client *client)
{
    size_t count = client->command->count;

    if (count > 2 || (count == 2 && !resp_is(kv_argument(client, 1), "SYNC") &&
                      !resp_is(kv_argument(client, 1), "ASYNC"))) {
        kv_error_syntax(client);
        return;
    }
    kv_clear(client->store);
    kv_reply_simple(&client->reply, "OK");
}

/* ---- SCAN and KEYS ---- */

struct search {
    uint64_t cursor;
    long long count;  /* COUNT */
    bool is_none;     /* TYPE is a type that kv does not have: nothing is found */
    bool has_pattern; /* otherwise all keys are found */
    struct kv_bytes pattern;

    /* The keys that were found, as bulk strings. They are copied, so that a client that reads
     * slowly does not hold values. */
    struct kv_reply list;
    struct kv_collected collected;
    size_t found;
};

/* False: the pattern is too long, and the client has the error. */
static bool set_pattern(struct client *client, struct search *search, struct kv_bytes pattern)
{
    search->has_pattern = pattern.size != 1 || pattern.bytes[0] != '*';
    search->pattern = pattern;
    if (pattern.size <= PATTERN_MAX)
        return true;
    kv_reply_error(&client->reply, "ERR pattern exceeds 256 bytes");
    return false;
}

static bool is_found(const struct search *search, struct kv_bytes key)
{
    return !search->is_none && (!search->has_pattern || kv_glob(search->pattern, key));
}

/* Takes one step, and lists the keys that match. No lock is held while patterns are compared.
 * False: no memory, or the client has gone. */
static bool step(struct client *client, struct search *search, struct kv_found *entries)
{
    size_t work = 0;

    entries->count = 0;
    if (kv_scan(client->store, &search->cursor, entries) != KV_OK) {
        search->list.result = -ENOMEM;
        return false;
    }
    for (size_t i = 0; i < entries->count; i++) {
        struct kv_bytes key = kv_entry_key(entries->entries[i]);
        if (is_found(search, key)) {
            kv_reply_bulk(&search->list, key);
            search->found++;
        }
        work += key.size * (1 + search->pattern.size);
        kv_release(client->store, entries->entries[i]);
    }
    return search->list.result == LINED_OK && !kv_reply_is_gone_after(&client->reply, work);
}

/* Takes steps until the end, or until this number of keys is found, or of steps is taken. False:
 * the client has the error, or has gone. */
static bool run_search(struct client *client, struct search *search, size_t keys, size_t steps)
{
    struct kv_found entries = {0};
    bool goes_on = true;

    search->list = client->reply;
    kv_reply_collect(&search->list, &search->collected, KV_REPLY_MAX);
    for (size_t taken = 0; goes_on && taken < steps && search->found < keys; taken++)
        goes_on = step(client, search, &entries) && search->cursor != 0;
    free(entries.entries);
    if (search->list.result == LINED_OK && !search->list.is_too_long)
        return true;
    if (search->list.is_too_long)
        kv_reply_error(&client->reply, KV_REPLY_TOO_LONG);
    else
        kv_error_no_memory(client);
    kv_reply_forget(&search->list);
    return false;
}

static void reply_found(struct client *client, struct search *search)
{
    kv_reply_array(&client->reply, search->found);
    search->list.result = client->reply.result;
    kv_reply_send(&search->list);
    client->reply.result = search->list.result;
}

void kv_run_keys(struct client *client)
{
    struct search all = {0};

    if (set_pattern(client, &all, kv_argument(client, 1)) &&
        run_search(client, &all, SIZE_MAX, SIZE_MAX))
        reply_found(client, &all);
}

/* Reads the option of SCAN at i and its value. False: it is wrong, and the client has the error. */
static bool read_scan_option(struct client *client, size_t i, struct search *search)
{
    struct kv_bytes option = kv_argument(client, i);
    bool has_value = i + 1 < client->command->count;

    if (has_value && resp_is(option, "MATCH"))
        return set_pattern(client, search, kv_argument(client, i + 1));
    if (has_value && resp_is(option, "TYPE")) {
        search->is_none = !resp_is(kv_argument(client, i + 1), "string");
        return true;
    }
    bool is_count = has_value && resp_is(option, "COUNT");
    if (is_count && !resp_number(kv_argument(client, i + 1), &search->count)) {
        kv_error_not_integer(client);
        return false;
    }
    if (is_count && search->count >= 1)
        return true;
    kv_error_syntax(client);
    return false;
}

/* Digits. As in Redis, an empty text is 0, and the number may begin with zeros. */
static bool read_cursor(struct kv_bytes text, uint64_t *cursor)
{
    *cursor = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9' ||
            __builtin_mul_overflow(*cursor, 10, cursor) ||
            __builtin_add_overflow(*cursor, text.bytes[i] - '0', cursor))
            return false;
    }
    return true;
}

void kv_run_scan(struct client *client)
{
    struct search search = {.count = 10};

    if (!read_cursor(kv_argument(client, 1), &search.cursor)) {
        kv_reply_error(&client->reply, "ERR invalid cursor");
        return;
    }
    for (size_t i = 2; i < client->command->count; i += 2) {
        if (!read_scan_option(client, i, &search))
            return;
    }
    size_t steps = search.count > LLONG_MAX / STEPS_FOR_EACH
                       ? SIZE_MAX
                       : (size_t)search.count * STEPS_FOR_EACH;
    if (run_search(client, &search, (size_t)search.count, steps)) {
        char text[INTEGER_MOST];
        size_t size = integer_write((long long)search.cursor, text);
        kv_reply_array(&client->reply, 2);
        kv_reply_bulk(&client->reply, (struct kv_bytes){text, size});
        reply_found(client, &search);
    }
}
