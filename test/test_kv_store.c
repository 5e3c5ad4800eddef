/* The store of kv, and several threads at once. What it is made of is in test_kv_table.c, and what
 * concerns several keys in test_kv_several.c. */
#include "../src/handlers/kv/kv_shard.h"
#include "../src/handlers/kv/kv_store.h"
#include "kv_text.h"
#include "suite.h"
#include "threads.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct kv_store *store;

static void put(const char *key, const char *value, int64_t expires)
{
    ck_assert_int_eq(kv_set(store, bytes_of(key), bytes_of(value), expires, KV_ALWAYS, NULL),
                     KV_OK);
}

static void expect_value(const char *key, const char *value)
{
    struct kv_entry *entry = kv_get(store, bytes_of(key));

    ck_assert_ptr_nonnull(entry);
    ck_assert_uint_eq(kv_entry_value(entry).size, strlen(value));
    ck_assert_mem_eq(kv_entry_value(entry).bytes, value, strlen(value));
    kv_release(store, entry);
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

static void begin_with(uint64_t max_memory)
{
    store = kv_store_new(max_memory);
    ck_assert_ptr_nonnull(store);
}

static void begin(void)
{
    begin_with(UINT64_MAX);
}

static uint64_t used(void)
{
    return kv_memory_used(store);
}

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
    ck_assert_uint_eq(kv_counts(store).keys, KEYS);
    for (int i = 0; i < KEYS; i++) {
        sprintf(key, "key %d", i);
        sprintf(value, "%d", i);
        expect_value(key, value);
        if (i % 2 == 0)
            ck_assert(is_deleted(key));
    }
    ck_assert_uint_eq(kv_counts(store).keys, KEYS / 2);
    kv_clear(store);
    ck_assert_uint_eq(kv_counts(store).keys, 0);
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
    ck_assert_uint_eq(kv_counts(store).keys, 1);
    kv_store_free(store);
}
END_TEST

START_TEST(expired_keys_are_not_there)
{
    const struct kv_bytes several[] = {bytes_of("0"), bytes_of("1"), bytes_of("2")};
    struct kv_entry *entries[3];
    int64_t past = kv_now();
    long long sum;
    char key[16];

    begin();
    for (int i = 0; i < 5000; i++) { /* their chains hold others, too */
        sprintf(key, "%d", i);
        put(key, "7", i % 2 == 0 ? past : past + 1000000);
    }
    ck_assert_ptr_null(kv_get(store, bytes_of("0")));
    ck_assert_uint_eq(kv_count_of(store, several, 3), 1);
    kv_get_several(store, several, 3, entries);
    ck_assert_ptr_null(entries[0]);
    ck_assert_ptr_nonnull(entries[1]);
    ck_assert_ptr_null(entries[2]);
    kv_release(store, entries[1]);
    ck_assert_int_eq(kv_add(store, bytes_of("2"), 1, &sum), KV_OK);
    ck_assert_int_eq(sum, 1);
    ck_assert_uint_ne(kv_state(store, bytes_of("2")).version, 0);
    ck_assert_int_eq(kv_state(store, bytes_of("2")).expires, KV_NEVER);
    ck_assert_uint_eq(kv_state(store, bytes_of("4")).version, 0);
    ck_assert(!is_deleted("4"));
    ck_assert_int_eq(kv_set_expiry(store, bytes_of("6"), KV_NEVER, 0), KV_NONE);
    ck_assert_int_eq(kv_set(store, bytes_of("8"), bytes_of("v"), KV_NEVER, KV_IF_PRESENT, NULL),
                     KV_NONE);
    ck_assert_int_eq(kv_set(store, bytes_of("8"), bytes_of("v"), KV_NEVER, KV_IF_ABSENT, NULL),
                     KV_OK);
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
    ck_assert_uint_eq(kv_counts(store).keys, 4997); /* 0, 4 and 6 have gone */
    ck_assert_int_eq(kv_set_expiry(store, bytes_of("1"), past, 0), KV_OK);
    kv_sweep(store);
    ck_assert_uint_eq(kv_counts(store).keys, 4996);
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
    ck_assert_uint_eq(kv_counts(store).keys, KEYS); /* no command has asked for them */
    ck_assert_int_eq(kv_sweep(store), now + 1000001);
    ck_assert_uint_eq(kv_counts(store).keys, KEYS - 3334);
    for (int i = 0; i < KEYS; i++) {
        sprintf(key, "%d", i);
        ck_assert(is_there(key) == (i % 3 != 0));
        if (i % 3 == 1)
            ck_assert_int_eq(kv_set_expiry(store, bytes_of(key), KV_NEVER, 0), KV_OK);
    }
    ck_assert_int_eq(kv_sweep(store), KV_NEVER);
    kv_store_free(store);
}
END_TEST

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

static void *append_often(void *unused)
{
    size_t size;

    for (int i = 0; i < 500; i++)
        kv_append(store, bytes_of("k"), bytes_of("ab"), 8000, &size);
    return unused;
}

/* 8 threads. An append that was lost would leave room for one more. */
START_TEST(no_append_is_lost)
{
    size_t size = 0;

    begin();
    run_threads(append_often);
    ck_assert_int_eq(kv_append(store, bytes_of("k"), bytes_of("x"), 8000, &size), KV_TOO_LONG);
    ck_assert_int_eq(kv_append(store, bytes_of("k"), bytes_of(""), 8000, &size), KV_OK);
    ck_assert_uint_eq(size, 8000);
    kv_store_free(store);
}
END_TEST

static void *take_all(void *unused)
{
    char key[16];
    long long sum;

    for (int i = 0; i < 2000; i++) {
        sprintf(key, "%d", i);
        struct kv_entry *entry = kv_take(store, bytes_of(key));
        if (entry != NULL)
            kv_add(store, bytes_of("takers"), 1, &sum);
        kv_release(store, entry);
    }
    return unused;
}

START_TEST(one_thread_takes_each_key)
{
    char key[16];

    begin();
    for (int i = 0; i < 2000; i++) {
        sprintf(key, "%d", i);
        put(key, "v", KV_NEVER);
    }
    run_threads(take_all);
    expect_value("takers", "2000");
    ck_assert_uint_eq(kv_counts(store).keys, 1);
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
        if (kv_set(store, bytes_of(key), bytes_of(taker), KV_NEVER, KV_IF_ABSENT, NULL) == KV_OK)
            kv_add(store, bytes_of("takers"), 1, &sum);
    }
    return unused;
}

START_TEST(one_thread_wins_each_absent_key)
{
    begin();
    run_threads(take_once);
    expect_value("takers", "2000");
    ck_assert_uint_eq(kv_counts(store).keys, 2001);
    kv_store_free(store);
}
END_TEST

/* Puts keys until one is rejected. Returns how many were put. */
static int fill(const char *value)
{
    char key[16];
    int count = 0;

    for (;; count++) {
        sprintf(key, "%d", count);
        if (kv_set(store, bytes_of(key), bytes_of(value), KV_NEVER, KV_ALWAYS, NULL) ==
            KV_NO_MEMORY)
            return count;
        ck_assert_uint_le(used(), (uint64_t)256 * 1024);
    }
}

START_TEST(memory_has_a_maximum)
{
    static char value[1001];
    char key[16];
    size_t size;
    long long sum;

    begin_with((uint64_t)256 * 1024);
    memset(value, 'v', 1000);
    int count = fill(value);
    ck_assert_int_gt(count, 200);
    ck_assert_int_lt(count, 256);
    ck_assert_uint_eq(kv_counts(store).keys, (size_t)count);
    ck_assert_int_eq(kv_append(store, bytes_of("0"), bytes_of(value), 10000, &size), KV_NO_MEMORY);
    while (kv_add(store, bytes_of("n"), 1, &sum) == KV_OK && sum < 1000)
        continue;
    expect_value("0", value);
    for (int i = 0; i < count; i++) {
        sprintf(key, "%d", i);
        ck_assert_int_eq(kv_set_expiry(store, bytes_of(key), kv_now() - 1, 0), KV_OK);
    }
    kv_sweep(store);
    ck_assert_int_ge(fill(value), count - 1);
    kv_clear(store);
    ck_assert_uint_eq(used(), 0);
    ck_assert_int_ge(fill(value), count - 1);
    kv_store_free(store);
}
END_TEST

/* Otherwise slow clients could hold more than the maximum. */
START_TEST(replaced_values_that_are_still_read_count)
{
    static char value[100001];
    struct kv_entry *read[10];
    int count = 0;

    begin_with(500000);
    memset(value, 'v', sizeof value - 1);
    for (; kv_set(store, bytes_of("k"), bytes_of(value), KV_NEVER, KV_ALWAYS, NULL) == KV_OK;
         count++)
        ck_assert_ptr_nonnull(read[count] = kv_get(store, bytes_of("k")));
    ck_assert_int_eq(count, 4);
    for (int i = 0; i < count; i++)
        kv_release(store, read[i]);
    put("k", value, KV_NEVER);
    kv_clear(store);
    ck_assert_uint_eq(used(), 0);
    kv_store_free(store);
}
END_TEST

/* A key without a value needs less memory than its expiry may. */
START_TEST(expiry_does_not_exceed_the_maximum)
{
    char key[16];
    int count = 0, expiring = 0;

    begin_with((uint64_t)1024 * 1024);
    while (sprintf(key, "%d", count),
           kv_set(store, bytes_of(key), bytes_of(""), KV_NEVER, KV_ALWAYS, NULL) == KV_OK)
        count++;
    for (int i = 0; i < count; i++) {
        sprintf(key, "%d", i);
        expiring += kv_set_expiry(store, bytes_of(key), kv_now() + 1000000, 0) == KV_OK;
        ck_assert_uint_le(used(), (uint64_t)1024 * 1024);
    }
    ck_assert_int_lt(expiring, count);
    kv_store_free(store);
}
END_TEST

/* The heap has room for 7, then 15, 31: each time it is full, PERSIST comes. */
START_TEST(persist_needs_no_memory)
{
    char key[16];

    begin();
    for (int i = 0; i < 3000; i++) {
        sprintf(key, "%d", i);
        put(key, "v", kv_now() + 1000000);
        uint64_t before = used();
        ck_assert_int_eq(kv_set_expiry(store, bytes_of(key), KV_NEVER, KV_IF_EXPIRES), KV_OK);
        ck_assert_uint_le(used(), before);
        ck_assert_int_eq(kv_set_expiry(store, bytes_of(key), kv_now() + 1000000, 0), KV_OK);
    }
    kv_store_free(store);
}
END_TEST

START_TEST(empty_tables_have_no_memory)
{
    char key[16];

    begin();
    for (int way = 0; way < 3; way++) {
        for (int i = 0; i < 3000; i++) {
            sprintf(key, "%d", i);
            put(key, "v", KV_NEVER);
        }
        for (int i = 0; i < 3000; i++) {
            sprintf(key, "%d", i);
            if (way == 0)
                ck_assert(is_deleted(key));
            else if (way == 1)
                kv_release(store, kv_take(store, bytes_of(key)));
            else
                ck_assert_int_eq(kv_set_expiry(store, bytes_of(key), kv_now() - 1, 0), KV_OK);
        }
        ck_assert_uint_eq(kv_counts(store).keys, 0);
        ck_assert_uint_eq(used(), 0);
    }
    kv_store_free(store);
}
END_TEST

/* The states that WATCH compares. */
START_TEST(a_state_is_another_after_each_change)
{
    struct kv_state absent, first, second;
    size_t size;

    begin();
    absent = kv_state(store, bytes_of("k"));
    ck_assert_uint_eq(absent.version, 0);
    put("k", "v", KV_NEVER);
    first = kv_state(store, bytes_of("k"));
    ck_assert_uint_ne(first.version, 0);
    put("k", "v", KV_NEVER);
    second = kv_state(store, bytes_of("k"));
    ck_assert_uint_ne(second.version, first.version);
    ck_assert_int_eq(kv_append(store, bytes_of("k"), bytes_of(""), 10, &size), KV_OK);
    ck_assert_uint_ne(kv_state(store, bytes_of("k")).version, second.version);
    second = kv_state(store, bytes_of("k"));
    ck_assert_int_eq(kv_set_expiry(store, bytes_of("k"), kv_now() + 1000000, 0), KV_OK);
    ck_assert_uint_ne(kv_state(store, bytes_of("k")).version, second.version);
    ck_assert_int_ne(kv_state(store, bytes_of("k")).expires, second.expires);
    ck_assert(is_deleted("k"));
    ck_assert_uint_eq(kv_state(store, bytes_of("k")).version, 0);
    put("k", "v", KV_NEVER); /* in a table that was empty */
    ck_assert_uint_gt(kv_state(store, bytes_of("k")).version, second.version);
    first = kv_state(store, bytes_of("k"));
    kv_clear(store);
    put("k", "v", KV_NEVER);
    ck_assert_uint_gt(kv_state(store, bytes_of("k")).version, first.version);
    kv_store_free(store);
}
END_TEST

/* ---- an append, in which another thread sets the value ---- */

static bool has_rival;
static int joins;
static bool is_locked;

/* On another thread. */
static void *interfere(void *unused)
{
    uint64_t hash = kv_hash(store, bytes_of("k"));
    struct kv_shard *shard = &store->shards[kv_shard_number(hash)];

    is_locked = pthread_mutex_trylock(&shard->lock) != 0;
    if (!is_locked) {
        kv_set(store, bytes_of("k"), bytes_of("v"), KV_NEVER, KV_ALWAYS, NULL);
        pthread_mutex_unlock(&shard->lock);
    }
    return unused;
}

struct kv_entry *__real_kv_entry_join(struct kv_memory *memory, uint64_t hash, struct kv_bytes key,
                                      struct kv_bytes value, struct kv_bytes suffix);
struct kv_entry *__wrap_kv_entry_join(struct kv_memory *memory, uint64_t hash, struct kv_bytes key,
                                      struct kv_bytes value, struct kv_bytes suffix);

struct kv_entry *__wrap_kv_entry_join(struct kv_memory *memory, uint64_t hash, struct kv_bytes key,
                                      struct kv_bytes value, struct kv_bytes suffix)
{
    pthread_t thread;

    if (has_rival) {
        ck_assert_int_le(++joins, 100);
        ck_assert_int_eq(pthread_create(&thread, NULL, interfere, NULL), 0);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    return __real_kv_entry_join(memory, hash, key, value, suffix);
}

START_TEST(an_append_ends_while_another_thread_sets_the_value)
{
    size_t size;

    begin();
    put("k", "v", KV_NEVER);
    has_rival = true;
    ck_assert_int_eq(kv_append(store, bytes_of("k"), bytes_of("w"), 100, &size), KV_OK);
    has_rival = false;
    ck_assert(is_locked);
    ck_assert_int_gt(joins, 1); /* the first attempts have no lock */
    expect_value("k", "vw");
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
            kv_set_expiry(store, bytes_of(key), kv_now() + 1, 0);
            break;
        case 2:
            kv_state(store, bytes_of(key));
            break;
        case 3:
            if (i % 32 == 0)
                kv_clear(store);
            else
                is_good = is_good && kv_counts(store).keys <= 64;
            break;
        case 4:
            kv_sweep(store);
            break;
        case 5:
        case 6:
        case 7:
            kv_set(store, bytes_of(key), bytes, i % 3 == 0 ? kv_now() + 1 : KV_NEVER, KV_ALWAYS,
                   NULL);
            break;
        default:
            entry = kv_get(store, bytes_of(key));
            is_good = is_good && (entry == NULL || is_uniform(kv_entry_value(entry)));
            kv_release(store, entry);
        }
    }
    return is_good ? number : NULL;
}

START_TEST(threads_never_see_half_a_value)
{
    begin();
    run_threads(do_everything);
    kv_clear(store);
    ck_assert_uint_eq(kv_counts(store).keys, 0);
    ck_assert_uint_eq(used(), 0);
    kv_store_free(store);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_put_is_found_while_the_table_grows_and_shrinks,
        values_get_longer_and_shorter,
        expired_keys_are_not_there,
        a_sweep_frees_what_has_expired_and_nothing_else,
        no_addition_is_lost,
        no_append_is_lost,
        one_thread_takes_each_key,
        one_thread_wins_each_absent_key,
        memory_has_a_maximum,
        replaced_values_that_are_still_read_count,
        expiry_does_not_exceed_the_maximum,
        persist_needs_no_memory,
        empty_tables_have_no_memory,
        a_state_is_another_after_each_change,
        an_append_ends_while_another_thread_sets_the_value,
        threads_never_see_half_a_value,
    };
    return suite_run("kv_store", tests, sizeof tests / sizeof tests[0]);
}
