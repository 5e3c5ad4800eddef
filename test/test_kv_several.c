/* The operations of kv's store on several keys: all of it at one moment, or nothing; and what they
 * read. */
#include "../src/handlers/kv/kv_store.h"
#include "kv_text.h"
#include "suite.h"
#include "threads.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct kv_store *store;

static void begin(void)
{
    store = kv_store_new(UINT64_MAX);
    ck_assert_ptr_nonnull(store);
}

enum { PAIRS = 20, ROUNDS = 20000 };

static char names[PAIRS][8];

/* All PAIRS keys; their values are value where that is not NULL. */
static void make_pairs(struct kv_bytes pairs[2 * PAIRS], struct kv_bytes keys[PAIRS],
                       const char *value)
{
    for (int i = 0; i < PAIRS; i++) {
        keys[i] = bytes_of(names[i]);
        pairs[2 * i] = keys[i];
        pairs[2 * i + 1] = bytes_of(value);
    }
}

/* Writes all of them, or deletes or clears all of them. */
static void *change_all(void *number)
{
    struct kv_bytes pairs[2 * PAIRS], keys[PAIRS];
    int which = *(int *)number;
    char value[8];

    for (int i = 0; i < ROUNDS; i++) {
        sprintf(value, "%d", which * 10 + i % 10);
        make_pairs(pairs, keys, value);
        if (i % 2 == 1 && which == 0)
            kv_delete(store, keys, PAIRS);
        else if (i % 2 == 1 && which == 2)
            kv_clear(store);
        else if (kv_set_several(store, pairs, PAIRS) != KV_OK)
            return NULL;
    }
    return number;
}

static bool are_alike(struct kv_entry *const entries[PAIRS])
{
    for (int i = 1; i < PAIRS; i++) {
        if ((entries[i] == NULL) != (entries[0] == NULL))
            return false;
        if (entries[0] == NULL)
            continue;
        struct kv_bytes one = kv_entry_value(entries[0]);
        struct kv_bytes other = kv_entry_value(entries[i]);
        if (one.size != other.size || memcmp(one.bytes, other.bytes, one.size) != 0)
            return false;
    }
    return true;
}

/* The keys in another order than they are written in. */
static void *read_all(void *number)
{
    struct kv_bytes pairs[2 * PAIRS], keys[PAIRS];
    struct kv_entry *entries[PAIRS];
    bool is_good = true;

    make_pairs(pairs, keys, "");
    for (int i = 0; i < PAIRS / 2; i++) {
        struct kv_bytes key = keys[i];
        keys[i] = keys[PAIRS - 1 - i];
        keys[PAIRS - 1 - i] = key;
    }
    for (int i = 0; i < ROUNDS && is_good; i++) {
        kv_get_several(store, keys, PAIRS, entries);
        is_good = are_alike(entries);
        for (int j = 0; j < PAIRS; j++)
            kv_release(store, entries[j]);
        is_good = is_good && kv_count_of(store, keys, PAIRS) % PAIRS == 0;
        is_good = is_good && kv_counts(store).keys % PAIRS == 0;
    }
    return is_good ? number : NULL;
}

static void *change_or_read(void *number)
{
    return *(int *)number % 2 == 0 ? change_all(number) : read_all(number);
}

START_TEST(several_keys_change_at_one_moment)
{
    begin();
    for (int i = 0; i < PAIRS; i++)
        sprintf(names[i], "n%d", i);
    run_threads(change_or_read);
    kv_store_free(store);
}
END_TEST

/* Adds 1 to each key, or reads them, as one operation. The keys come in different orders. */
static void *add_or_read(void *number)
{
    int which = *(int *)number;
    bool is_good = true;

    for (int i = 0; i < ROUNDS / 4 && is_good; i++) {
        kv_shards shards = 0;
        long long sum, first = -1;
        for (int key = 0; key < PAIRS; key++)
            shards |= kv_shard_of(store, bytes_of(names[key]));
        kv_lock(store, shards);
        for (int key = 0; key < PAIRS; key++) {
            const char *name = names[i % 2 == 0 ? key : PAIRS - 1 - key];
            is_good = kv_add(store, bytes_of(name), which % 2, &sum) == KV_OK && is_good;
            first = first == -1 ? sum : first;
            is_good = is_good && sum == first;
        }
        kv_unlock(store, shards);
    }
    return is_good ? number : NULL;
}

START_TEST(operations_between_lock_and_unlock_are_one)
{
    long long sum;

    begin();
    for (int i = 0; i < PAIRS; i++)
        sprintf(names[i], "n%d", i);
    run_threads(add_or_read);
    for (int i = 0; i < PAIRS; i++) {
        ck_assert_int_eq(kv_add(store, bytes_of(names[i]), 0, &sum), KV_OK);
        ck_assert_int_eq(sum, THREADS / 2 * (ROUNDS / 4));
    }
    kv_store_free(store);
}
END_TEST

/* As an MGET does while it sends. */
START_TEST(what_is_read_stays_when_it_is_replaced)
{
    const struct kv_bytes keys[] = {bytes_of("k"), bytes_of("k")};
    struct kv_entry *entries[2];

    begin();
    kv_set(store, keys[0], bytes_of("old"), KV_NEVER, KV_ALWAYS, NULL);
    kv_get_several(store, keys, 2, entries);
    ck_assert_ptr_eq(entries[0], entries[1]); /* no copy */
    kv_set(store, keys[0], bytes_of("new"), KV_NEVER, KV_ALWAYS, NULL);
    kv_clear(store);
    kv_release(store, entries[1]);
    ck_assert_mem_eq(kv_entry_key(entries[0]).bytes, "k", 1);
    ck_assert_mem_eq(kv_entry_value(entries[0]).bytes, "old", 3);
    kv_release(store, entries[0]);
    kv_store_free(store);
}
END_TEST

START_TEST(the_last_of_a_key_that_comes_twice_counts)
{
    const struct kv_bytes pairs[] = {bytes_of("a"), bytes_of("1"), bytes_of("b"),
                                     bytes_of("2"), bytes_of("a"), bytes_of("3")};
    const struct kv_bytes keys[] = {bytes_of("a"), bytes_of("a"), bytes_of("b"), bytes_of("none")};
    struct kv_entry *entries[4];

    begin();
    ck_assert_int_eq(kv_set_several(store, pairs, 3), KV_OK);
    ck_assert_uint_eq(kv_count_of(store, keys, 4), 3);
    kv_get_several(store, keys, 4, entries);
    ck_assert_ptr_eq(entries[0], entries[1]);
    ck_assert_mem_eq(kv_entry_value(entries[0]).bytes, "3", 1);
    ck_assert_ptr_null(entries[3]);
    ck_assert_uint_eq(kv_delete(store, keys, 4), 2);
    ck_assert_uint_eq(kv_counts(store).keys, 0);
    for (int i = 0; i < 4; i++)
        kv_release(store, entries[i]);
    kv_store_free(store);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        several_keys_change_at_one_moment,
        operations_between_lock_and_unlock_are_one,
        what_is_read_stays_when_it_is_replaced,
        the_last_of_a_key_that_comes_twice_counts,
    };
    return suite_run("kv_several", tests, sizeof tests / sizeof tests[0]);
}
