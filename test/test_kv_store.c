/* The store of kv: its hash, its table, and several threads at once. */
#include "../src/workers/integer.h"
#include "../src/workers/kv_store.h"
#include "../src/workers/kv_table.h"
#include "../src/workers/siphash.h"
#include "suite.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 8

static struct kv_store *store;

static struct kv_bytes bytes_of(const char *text)
{
    return (struct kv_bytes){text, strlen(text)};
}

static void put(const char *key, const char *value, int64_t expires)
{
    ck_assert_int_eq(kv_set(store, bytes_of(key), bytes_of(value), expires, KV_ALWAYS), KV_OK);
}

static void expect_value(const char *key, const char *value)
{
    struct kv_entry *entry = kv_get(store, bytes_of(key));

    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(kv_entry_value(entry).size, strlen(value));
    ck_assert_mem_eq(kv_entry_value(entry).bytes, value, strlen(value));
    kv_entry_release(entry);
}

static bool is_there(const char *key)
{
    const struct kv_bytes bytes = bytes_of(key);

    return kv_count_of(store, &bytes, 1) == 1;
}

static bool is_deleted(const char *key)
{
    const struct kv_bytes bytes = bytes_of(key);

    return kv_delete(store, &bytes, 1) == 1;
}

static void begin(void)
{
    store = kv_store_new();
    ck_assert_ptr_nonnull(store);
}

/* The bytes 0, 1, 2, ... under the key 0, 1, ... 15: the values of other implementations. */
START_TEST(siphash_is_siphash)
{
    const struct siphash_key key = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
    char bytes[63];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    ck_assert_uint_eq(siphash(&key, bytes, 0), 0xabac0158050fc4dcu);
    ck_assert_uint_eq(siphash(&key, bytes, 1), 0xc9f49bf37d57ca93u);
    ck_assert_uint_eq(siphash(&key, bytes, 7), 0xd3927d989bb11140u);
    ck_assert_uint_eq(siphash(&key, bytes, 8), 0x369095118d299a8eu);
    ck_assert_uint_eq(siphash(&key, bytes, 15), 0xd320d86d2a519956u);
    ck_assert_uint_eq(siphash(&key, bytes, 16), 0xcc4fdd1a7d908b66u);
    ck_assert_uint_eq(siphash(&key, bytes, 63), 0x9d199062b7bbb3a8u);
}
END_TEST

static void expect_integer(const char *text, long long expected)
{
    long long number;

    ck_assert_msg(integer_read(text, strlen(text), &number), "%s", text);
    ck_assert_int_eq(number, expected);
}

START_TEST(integers_have_one_spelling)
{
    const char *const others[] = {"",
                                  "-",
                                  "-0",
                                  "00",
                                  "01",
                                  "+1",
                                  " 1",
                                  "1 ",
                                  "1.0",
                                  "0x1",
                                  "9223372036854775808",
                                  "-9223372036854775809",
                                  "12:",
                                  "1/"};
    long long number;

    expect_integer("0", 0);
    expect_integer("-10", -10);
    expect_integer("9223372036854775807", INT64_MAX);
    expect_integer("-9223372036854775808", INT64_MIN);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!integer_read(others[i], strlen(others[i]), &number), "'%s'", others[i]);
    ck_assert(!integer_read("1\0", 2, &number));
}
END_TEST

START_TEST(what_is_put_is_found_while_the_table_grows_and_shrinks)
{
    enum { KEYS = 20000 };
    char key[16], value[16];

    begin();
    for (int i = 0; i < KEYS; i++) {
        sprintf(key, "key %d", i);
        sprintf(value, "%d", i);
        put(key, value, KV_NEVER);
    }
    ck_assert_uint_eq(kv_count(store), KEYS);
    for (int i = 0; i < KEYS; i++) {
        sprintf(key, "key %d", i);
        sprintf(value, "%d", i);
        expect_value(key, value);
        if (i % 2 == 0)
            ck_assert(is_deleted(key));
    }
    ck_assert_uint_eq(kv_count(store), KEYS / 2);
    kv_clear(store);
    ck_assert_uint_eq(kv_count(store), 0);
    kv_store_free(store);
}
END_TEST

START_TEST(values_get_longer_and_shorter)
{
    static char big[100000];

    begin();
    memset(big, 'x', sizeof big - 1);
    for (int i = 0; i < 3; i++) {
        put("k", "short", KV_NEVER);
        expect_value("k", "short");
        put("k", big, KV_NEVER);
        expect_value("k", big);
        put("k", "", KV_NEVER);
        expect_value("k", "");
    }
    ck_assert_uint_eq(kv_count(store), 1);
    kv_store_free(store);
}
END_TEST

START_TEST(expired_keys_are_not_there)
{
    const struct kv_bytes several[] = {bytes_of("0"), bytes_of("1"), bytes_of("2")};
    struct kv_entry *entries[3];
    int64_t past = kv_now();
    int64_t expires;
    long long sum;
    char key[16];

    begin();
    for (int i = 0; i < 5000; i++) { /* whose chains hold others, too */
        sprintf(key, "%d", i);
        put(key, "7", i % 2 == 0 ? past : past + 1000000);
    }
    ck_assert_ptr_null(kv_get(store, bytes_of("0")));
    ck_assert_uint_eq(kv_count_of(store, several, 3), 1);
    kv_get_several(store, several, 3, entries);
    ck_assert_ptr_null(entries[0]);
    ck_assert_ptr_nonnull(entries[1]);
    ck_assert_ptr_null(entries[2]);
    kv_entry_release(entries[1]);
    ck_assert_int_eq(kv_add(store, bytes_of("2"), 1, &sum), KV_OK);
    ck_assert_int_eq(sum, 1);
    ck_assert_int_eq(kv_expiry(store, bytes_of("2"), &expires), KV_OK);
    ck_assert_int_eq(expires, KV_NEVER);
    ck_assert_int_eq(kv_expiry(store, bytes_of("4"), &expires), KV_NONE);
    ck_assert(!is_deleted("4"));
    ck_assert_int_eq(kv_set_expiry(store, bytes_of("6"), KV_NEVER), KV_NONE);
    ck_assert_int_eq(kv_set(store, bytes_of("8"), bytes_of("v"), KV_NEVER, KV_IF_PRESENT), KV_NONE);
    ck_assert_int_eq(kv_set(store, bytes_of("8"), bytes_of("v"), KV_NEVER, KV_IF_ABSENT), KV_OK);
    for (int i = 10; i < 5000; i += 2) {
        sprintf(key, "%d", i);
        ck_assert_int_eq(kv_add(store, bytes_of(key), i, &sum), KV_OK);
        ck_assert_int_eq(sum, i);
    }
    for (int i = 1; i < 5000; i += 2) {
        sprintf(key, "%d", i);
        expect_value(key, "7");
    }
    kv_sweep(store);
    ck_assert_uint_eq(kv_count(store), 4997); /* 0, 4 and 6 have gone */
    ck_assert_int_eq(kv_set_expiry(store, bytes_of("1"), past), KV_OK);
    kv_sweep(store);
    ck_assert_uint_eq(kv_count(store), 4996);
    kv_store_free(store);
}
END_TEST

START_TEST(a_sweep_frees_what_has_expired_and_nothing_else)
{
    enum { KEYS = 10000 };
    int64_t now = kv_now();
    char key[16];

    begin();
    ck_assert_int_eq(kv_sweep(store), KV_NEVER);
    for (int i = 0; i < KEYS; i++) {
        sprintf(key, "%d", i);
        put(key, "v", i % 3 == 0 ? now - i % 7 : i % 3 == 1 ? now + 1000000 + i : KV_NEVER);
    }
    ck_assert_uint_eq(kv_count(store), KEYS); /* nobody has asked for them */
    ck_assert_int_eq(kv_sweep(store), now + 1000001);
    ck_assert_uint_eq(kv_count(store), KEYS - 3334);
    for (int i = 0; i < KEYS; i++) {
        sprintf(key, "%d", i);
        ck_assert(is_there(key) == (i % 3 != 0));
        if (i % 3 == 1)
            ck_assert_int_eq(kv_set_expiry(store, bytes_of(key), KV_NEVER), KV_OK);
    }
    ck_assert_int_eq(kv_sweep(store), KV_NEVER);
    kv_store_free(store);
}
END_TEST

/* The step is what a lock is held for. */
START_TEST(a_table_gives_up_few_at_a_time)
{
    struct kv_table table = {0}, spare;
    struct kv_entry *entry;

    for (uint64_t i = 0; i < 1000; i++) {
        const struct kv_bytes key = {(const char *)&i, sizeof i};
        ck_assert(kv_table_reserve(&table) && kv_heap_reserve(&table.heap));
        ck_assert_ptr_nonnull(entry = kv_entry_new(i * 7, key, key));
        ck_assert_ptr_null(
            kv_table_put(&table, kv_table_find(&table, i * 7, key), entry, (int64_t)(i + 1)));
    }
    for (unsigned left = 1000; left > 0; left -= 8) {
        struct kv_entry *list = kv_table_take_expired(&table, 1000, 8);
        ck_assert_uint_eq(table.count, left - 8);
        kv_entry_release_list(list);
    }
    ck_assert_ptr_null(kv_table_take_expired(&table, 1000, 8));
    kv_table_take_spare(&table, &spare);
    ck_assert_ptr_null(table.buckets); /* it gives all its memory back */
    ck_assert_ptr_null(table.heap.items);
    kv_table_deinit(&spare);
}
END_TEST

/* Compared with a plain array. */
START_TEST(the_heap_has_the_soonest_first)
{
    enum { ENTRIES = 300, STEPS = 20000 };
    struct kv_entry *entries[ENTRIES];
    int64_t expires[ENTRIES] = {0};
    struct kv_heap heap = {0};
    unsigned random = 1;

    for (int i = 0; i < ENTRIES; i++)
        ck_assert_ptr_nonnull(entries[i] = kv_entry_new(0, bytes_of("k"), bytes_of("v")));
    for (int step = 0; step < STEPS; step++) {
        random = random * 1103515245 + 12345;
        unsigned which = random >> 8 & 1023;
        int64_t at = random >> 20 & 63; /* many alike; 0 is KV_NEVER */
        if (which >= ENTRIES) {         /* the soonest leaves, as in a sweep */
            const struct kv_entry *first = kv_heap_first(&heap);
            which = 0;
            while (which < ENTRIES - 1 && entries[which] != first)
                which++;
            at = KV_NEVER;
        }
        ck_assert(kv_heap_reserve(&heap));
        kv_heap_set(&heap, entries[which], at);
        expires[which] = at;
        int64_t soonest = KV_NEVER;
        bool is_good = true; /* an assertion each would be slow */
        for (int i = 0; i < ENTRIES; i++) {
            is_good = is_good && kv_heap_expiry(&heap, entries[i]) == expires[i];
            if (expires[i] != KV_NEVER && (soonest == KV_NEVER || expires[i] < soonest))
                soonest = expires[i];
        }
        ck_assert(is_good);
        const struct kv_entry *first = kv_heap_first(&heap);
        ck_assert_int_eq(first == NULL ? KV_NEVER : kv_heap_expiry(&heap, first), soonest);
    }
    for (int i = 0; i < ENTRIES; i++) {
        kv_heap_set(&heap, entries[i], KV_NEVER);
        kv_entry_release(entries[i]);
    }
    kv_heap_deinit(&heap);
}
END_TEST

START_TEST(what_is_read_stays_when_it_is_replaced)
{
    begin();
    put("k", "old", KV_NEVER);
    struct kv_entry *old = kv_get(store, bytes_of("k"));
    struct kv_entry *again = kv_get(store, bytes_of("k"));
    ck_assert_ptr_eq(old, again); /* no copy */
    put("k", "new", KV_NEVER);
    expect_value("k", "new");
    kv_clear(store);
    kv_entry_release(again);
    ck_assert_mem_eq(kv_entry_value(old).bytes, "old", 3);
    ck_assert_mem_eq(kv_entry_key(old).bytes, "k", 1);
    kv_store_free(store);
    kv_entry_release(old);
}
END_TEST

/* A thread returns NULL for what it must not see: Check's assertions are for the test's own. */
static void run_threads(void *(*run)(void *))
{
    pthread_t threads[THREADS];
    void *result;
    static int numbers[THREADS];

    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &result), 0);
        ck_assert_ptr_nonnull(result);
    }
}

static void *add_often(void *unused)
{
    long long sum;

    for (int i = 0; i < 10000; i++)
        kv_add(store, bytes_of(i % 2 == 0 ? "even" : "odd"), 1, &sum);
    return unused;
}

START_TEST(no_addition_is_lost)
{
    begin();
    run_threads(add_often);
    expect_value("even", "40000");
    expect_value("odd", "40000");
    kv_store_free(store);
}
END_TEST

static void *take_once(void *unused)
{
    static char taker[] = "taken";
    char key[16];
    long long sum;

    for (int i = 0; i < 2000; i++) {
        sprintf(key, "%d", i);
        if (kv_set(store, bytes_of(key), bytes_of(taker), KV_NEVER, KV_IF_ABSENT) == KV_OK)
            kv_add(store, bytes_of("takers"), 1, &sum);
    }
    return unused;
}

START_TEST(one_thread_wins_each_absent_key)
{
    begin();
    run_threads(take_once);
    expect_value("takers", "2000");
    ck_assert_uint_eq(kv_count(store), 2001);
    kv_store_free(store);
}
END_TEST

static bool is_uniform(struct kv_bytes value)
{
    for (size_t i = 1; i < value.size; i++) {
        if (value.bytes[i] != value.bytes[0])
            return false;
    }
    return true;
}

/* Every operation on few keys. A value is one byte many times over. */
static void *do_everything(void *number)
{
    unsigned random = 1 + (unsigned)*(int *)number;
    struct kv_entry *entry;
    char value[256], key[8];
    int64_t expires;
    bool is_good = true;

    for (int i = 0; i < 20000; i++) {
        random = random * 1103515245 + 12345;
        sprintf(key, "%u", random >> 8 & 63);
        memset(value, 'a' + (int)(random >> 16 & 15), sizeof value);
        struct kv_bytes bytes = {value, random >> 20 & 255};
        switch (random >> 28) {
        case 0:
            is_deleted(key);
            break;
        case 1:
            kv_set_expiry(store, bytes_of(key), kv_now() + 1);
            break;
        case 2:
            kv_expiry(store, bytes_of(key), &expires);
            break;
        case 3:
            if (i % 32 == 0)
                kv_clear(store);
            else
                is_good = is_good && kv_count(store) <= 64;
            break;
        case 4:
            kv_sweep(store);
            break;
        case 5:
        case 6:
        case 7:
            kv_set(store, bytes_of(key), bytes, i % 3 == 0 ? kv_now() + 1 : KV_NEVER, KV_ALWAYS);
            break;
        default:
            entry = kv_get(store, bytes_of(key));
            is_good = is_good && (entry == NULL || is_uniform(kv_entry_value(entry)));
            kv_entry_release(entry);
        }
    }
    return is_good ? number : NULL;
}

START_TEST(threads_never_see_half_a_value)
{
    begin();
    run_threads(do_everything);
    kv_clear(store);
    ck_assert_uint_eq(kv_count(store), 0);
    kv_store_free(store);
}
END_TEST

/* ---- several keys at one moment ---- */

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
            kv_entry_release(entries[j]);
        is_good = is_good && kv_count_of(store, keys, PAIRS) % PAIRS == 0;
        is_good = is_good && kv_count(store) % PAIRS == 0;
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

START_TEST(the_last_of_a_key_that_comes_twice_counts)
{
    const struct kv_bytes pairs[] = {bytes_of("a"), bytes_of("1"), bytes_of("b"),
                                     bytes_of("2"), bytes_of("a"), bytes_of("3")};
    const struct kv_bytes keys[] = {bytes_of("a"), bytes_of("a"), bytes_of("b"), bytes_of("none")};
    struct kv_entry *entries[4];

    begin();
    ck_assert_int_eq(kv_set_several(store, pairs, 3), KV_OK);
    expect_value("a", "3");
    ck_assert_uint_eq(kv_count_of(store, keys, 4), 3);
    kv_get_several(store, keys, 4, entries);
    ck_assert_ptr_eq(entries[0], entries[1]);
    ck_assert_ptr_null(entries[3]);
    ck_assert_uint_eq(kv_delete(store, keys, 4), 2);
    ck_assert_uint_eq(kv_count(store), 0);
    for (int i = 0; i < 4; i++)
        kv_entry_release(entries[i]);
    kv_store_free(store);
}
END_TEST

START_TEST(numbers_are_written_as_printf_writes_them)
{
    static const long long numbers[] = {0,   1,    -1,      9,       10,        -10,
                                        255, -999, INT_MAX, INT_MIN, LLONG_MAX, LLONG_MIN};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char text[INTEGER_MOST], expected[INTEGER_MOST + 1];
        long long again;
        int size = snprintf(expected, sizeof expected, "%lld", numbers[i]);
        ck_assert_uint_eq(integer_write(numbers[i], text), (size_t)size);
        ck_assert_mem_eq(text, expected, (size_t)size);
        ck_assert(integer_read(text, (size_t)size, &again));
        ck_assert_int_eq(again, numbers[i]);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        numbers_are_written_as_printf_writes_them,
        siphash_is_siphash,
        integers_have_one_spelling,
        what_is_put_is_found_while_the_table_grows_and_shrinks,
        values_get_longer_and_shorter,
        expired_keys_are_not_there,
        a_sweep_frees_what_has_expired_and_nothing_else,
        a_table_gives_up_few_at_a_time,
        the_heap_has_the_soonest_first,
        what_is_read_stays_when_it_is_replaced,
        no_addition_is_lost,
        one_thread_wins_each_absent_key,
        threads_never_see_half_a_value,
        several_keys_change_at_one_moment,
        the_last_of_a_key_that_comes_twice_counts,
    };
    return suite_run("kv_store", tests, sizeof tests / sizeof tests[0]);
}
