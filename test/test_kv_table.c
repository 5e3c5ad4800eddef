/* What the store of kv is made of: its hash, numbers, the heap and the table of a shard. */
#include "../src/handlers/kv/integer.h"
#include "../src/handlers/kv/kv_table.h"
#include "../src/handlers/kv/siphash.h"
#include "kv_text.h"
#include "suite.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct kv_memory memory = {.max = UINT64_MAX};

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

/* The step is what a lock is held for. */
START_TEST(a_table_gives_up_few_at_a_time)
{
    struct kv_table table = {.memory = &memory}, spare;
    struct kv_entry *entry;

    for (uint64_t i = 0; i < 1000; i++) {
        const struct kv_bytes key = {(const char *)&i, sizeof i};
        ck_assert(kv_table_reserve(&table) && kv_heap_reserve(&table.heap, &memory));
        ck_assert_ptr_nonnull(entry = kv_entry_new(&memory, i * 7, key, key));
        ck_assert_ptr_null(
            kv_table_put(&table, kv_table_find(&table, i * 7, key), entry, (int64_t)(i + 1)));
    }
    for (unsigned left = 1000; left > 0; left -= 8) {
        struct kv_entry *list = kv_table_take_expired(&table, 1000, 8);
        ck_assert_uint_eq(table.count, left - 8);
        kv_entry_release_list(&memory, list);
    }
    ck_assert_ptr_null(kv_table_take_expired(&table, 1000, 8));
    kv_table_take_spare(&table, &spare);
    ck_assert_ptr_null(table.segments[0]); /* it gives all its memory back */
    ck_assert_ptr_null(table.heap.items);
    kv_table_deinit(&spare);
}
END_TEST

static void put(struct kv_table *table, uint64_t number)
{
    const struct kv_bytes key = {(const char *)&number, sizeof number};
    uint64_t hash = number * 0x9e3779b97f4a7c15u >> 11;
    struct kv_entry *entry = kv_entry_new(&memory, hash, key, key);

    ck_assert_ptr_nonnull(entry);
    ck_assert(kv_table_reserve(table));
    ck_assert_ptr_null(kv_table_put(table, kv_table_find(table, hash, key), entry, KV_NEVER));
}

/* Counts the keys of one step of a scan, which are numbers. */
static void count_step(const struct kv_table *table, uint64_t *cursor, unsigned char *seen)
{
    struct kv_entry **link = kv_table_scan(table, cursor);

    for (const struct kv_entry *entry = link == NULL ? NULL : *link; entry != NULL;
         entry = entry->next) {
        uint64_t number;
        memcpy(&number, entry->bytes, sizeof number);
        seen[number]++;
    }
}

/* Tables of each size up to KEYS, to which each step of the scan adds some keys. */
START_TEST(a_scan_finds_each_key_once_while_the_table_grows)
{
    enum { KEYS = 130, ADDED = 400 };

    for (unsigned keys = 0; keys < KEYS; keys += 1 + keys / 20) {
        for (unsigned added = 0; added < 20; added += 6) {
            struct kv_table table = {.memory = &memory};
            unsigned char seen[KEYS + ADDED] = {0};
            uint64_t cursor = 0;
            uint64_t next = keys;
            for (unsigned i = 0; i < keys; i++)
                put(&table, i);
            do {
                count_step(&table, &cursor, seen);
                for (unsigned i = 0; i < added && next < KEYS + ADDED; i++)
                    put(&table, next++);
            } while (cursor != 0);
            for (unsigned i = 0; i < keys; i++)
                ck_assert_msg(seen[i] == 1, "key %u of %u, %u added: %u times", i, keys, added,
                              seen[i]);
            kv_table_deinit(&table);
        }
    }
}
END_TEST

START_TEST(a_table_adds_one_bucket_for_each_key)
{
    struct kv_table table = {.memory = &memory};

    for (uint64_t i = 0; i < 5000; i++) {
        put(&table, i);
        ck_assert_uint_eq(table.bucket_count, i < 4 ? 4 : i + 1);
    }
    kv_table_deinit(&table);
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
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
        ck_assert_ptr_nonnull(entries[i] = kv_entry_new(&memory, 0, bytes_of("k"), bytes_of("v")));
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
        ck_assert(kv_heap_reserve(&heap, &memory));
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
        kv_entry_release(&memory, entries[i]);
    }
    kv_heap_deinit(&heap, &memory);
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
        siphash_is_siphash,
        integers_have_one_spelling,
        a_table_gives_up_few_at_a_time,
        a_scan_finds_each_key_once_while_the_table_grows,
        a_table_adds_one_bucket_for_each_key,
        the_heap_has_the_soonest_first,
        numbers_are_written_as_printf_writes_them,
    };
    return suite_run("kv_table", tests, sizeof tests / sizeof tests[0]);
}
