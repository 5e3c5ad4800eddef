/* The store of kv: its hash, its table, and several threads at once. */
#include "../src/workers/integer.h"
#include "../src/workers/kv_shard.h"
#include "../src/workers/kv_store.h"
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
    struct kv_copy copy = {0};

    ck_assert_int_eq(kv_get(store, bytes_of(key), &copy), KV_OK);
    ck_assert_uint_eq(copy.size, strlen(value));
    ck_assert(copy.size == 0 || memcmp(copy.bytes, value, copy.size) == 0);
    free(copy.bytes);
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
            ck_assert_int_eq(kv_delete(store, bytes_of(key)), KV_OK);
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
    int64_t past = kv_now();
    int64_t expires;
    long long sum;
    char key[16];
    struct kv_copy copy = {0};

    begin();
    for (int i = 0; i < 5000; i++) { /* whose chains hold others, too */
        sprintf(key, "%d", i);
        put(key, "7", i % 2 == 0 ? past : past + 1000000);
    }
    ck_assert_int_eq(kv_get(store, bytes_of("0"), &copy), KV_NONE);
    ck_assert_int_eq(kv_add(store, bytes_of("2"), 1, &sum), KV_OK);
    ck_assert_int_eq(sum, 1);
    ck_assert_int_eq(kv_expiry(store, bytes_of("2"), &expires), KV_OK);
    ck_assert_int_eq(expires, KV_NEVER);
    ck_assert_int_eq(kv_delete(store, bytes_of("4")), KV_NONE);
    ck_assert_int_eq(kv_set_expiry(store, bytes_of("6"), KV_NEVER), KV_NONE);
    ck_assert_int_eq(kv_set(store, bytes_of("8"), bytes_of("v"), KV_NEVER, KV_IF_PRESENT), KV_NONE);
    for (int i = 10; i < 5000; i += 2) {
        sprintf(key, "%d", i);
        ck_assert_int_eq(kv_add(store, bytes_of(key), i, &sum), KV_OK);
        ck_assert_int_eq(sum, i);
    }
    for (int i = 1; i < 5000; i += 2) {
        sprintf(key, "%d", i);
        expect_value(key, "7");
    }
    ck_assert_uint_eq(kv_count(store), 4996);
    ck_assert_int_eq(kv_set_expiry(store, bytes_of("1"), past), KV_OK);
    ck_assert_uint_eq(kv_count(store), 4995);
    kv_store_free(store);
}
END_TEST

START_TEST(expired_keys_that_nobody_asks_for_do_not_pile_up)
{
    struct kv_shard shard;
    int64_t past = kv_now();

    ck_assert(kv_shard_init(&shard));
    for (uint64_t i = 0; i < 10000; i++) {
        struct kv_bytes key = {(const char *)&i, sizeof i};
        struct kv_place place = kv_shard_find(&shard, i, key);
        ck_assert_int_eq(kv_shard_put(&place, key, key, past), KV_OK);
        ck_assert_uint_le(shard.count, 16);
    }
    kv_shard_deinit(&shard);
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

/* Every operation on few keys. A value is one byte many times over. */
static void *do_everything(void *number)
{
    unsigned random = 1 + (unsigned)*(int *)number;
    struct kv_copy copy = {0};
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
            kv_delete(store, bytes_of(key));
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
        case 5:
        case 6:
        case 7:
            kv_set(store, bytes_of(key), bytes, i % 3 == 0 ? kv_now() + 1 : KV_NEVER, KV_ALWAYS);
            break;
        default:
            if (kv_get(store, bytes_of(key), &copy) != KV_OK)
                break;
            for (size_t j = 1; j < copy.size; j++)
                is_good = is_good && copy.bytes[j] == copy.bytes[0];
        }
    }
    free(copy.bytes);
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
        expired_keys_that_nobody_asks_for_do_not_pile_up,
        no_addition_is_lost,
        one_thread_wins_each_absent_key,
        threads_never_see_half_a_value,
    };
    return suite_run("kv_store", tests, sizeof tests / sizeof tests[0]);
}
