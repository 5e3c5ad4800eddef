/* The thread that frees what has expired. */
#include "../src/handlers/kv/kv_sweeper.h"
#include "await.h"
#include "suite.h"
#include "thread_faults.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct kv_store *store;
static struct kv_sweeper sweeper;

static void put(int number, int64_t expires);

static _Atomic unsigned sweeps;
static _Atomic bool is_put_amid; /* once, a key behind the sweeper */

int64_t __real_kv_sweep(struct kv_store *swept);
int64_t __wrap_kv_sweep(struct kv_store *swept);

int64_t __wrap_kv_sweep(struct kv_store *swept)
{
    atomic_fetch_add(&sweeps, 1);
    int64_t next = __real_kv_sweep(swept);
    if (atomic_exchange(&is_put_amid, false))
        put(1000000, kv_now() + 1);
    return next;
}

static void begin(void)
{
    store = kv_store_new(UINT64_MAX);
    ck_assert_ptr_nonnull(store);
    kv_sweeper_init(&sweeper, store);
}

static void finish(void)
{
    kv_sweeper_deinit(&sweeper);
    kv_store_free(store);
}

static void put(int number, int64_t expires)
{
    char key[16];

    snprintf(key, sizeof key, "%d", number);
    struct kv_bytes bytes = {key, strlen(key)};
    kv_set(store, bytes, bytes, expires, KV_ALWAYS, NULL);
    if (expires != KV_NEVER)
        kv_sweeper_expect(&sweeper, expires);
}

START_TEST(there_is_no_thread_while_no_key_expires)
{
    begin();
    put(1, KV_NEVER);
    ck_assert_uint_eq(atomic_load(&thread_calls), 0);
    put(1, kv_now() + 1000000);
    put(2, kv_now() + 2000000);
    ck_assert_uint_eq(atomic_load(&thread_calls), 1);
    finish();
}
END_TEST

START_TEST(what_has_expired_is_freed_unasked_and_then_it_sleeps_for_good)
{
    begin();
    for (int i = 0; i < 1000; i++)
        put(i, i % 2 == 0 ? kv_now() + 1 : KV_NEVER);
    AWAIT(kv_counts(store).keys == 500);
    AWAIT(atomic_load(&sweeper.due) == KV_NO_TICK);
    finish();
}
END_TEST

START_TEST(a_key_that_expires_sooner_wakes_it)
{
    begin();
    put(1, kv_now() + 1000000);
    put(2, kv_now() + 1);
    AWAIT(kv_counts(store).keys == 1);
    put(3, kv_now() + 1);
    AWAIT(kv_counts(store).keys == 1);
    AWAIT(atomic_load(&sweeper.due) != KV_NO_TICK); /* it is that during a sweep */
    finish();
}
END_TEST

/* Keys of one tick do not wake it one by one, so due stays as it is. */
START_TEST(a_key_of_the_same_tick_changes_nothing)
{
    int64_t later = kv_now() / 1000 * 1000 + 1000000;

    begin();
    put(1, later + 1);
    int64_t due = atomic_load(&sweeper.due);
    put(2, later);
    put(3, later + 200);
    ck_assert_int_eq(atomic_load(&sweeper.due), due);
    put(4, later - 1);
    ck_assert_int_eq(atomic_load(&sweeper.due), due - 1);
    finish();
}
END_TEST

START_TEST(it_sweeps_once_for_one_key)
{
    begin();
    put(1, kv_now() + 300);
    AWAIT(kv_counts(store).keys == 0);
    AWAIT(atomic_load(&sweeper.due) == KV_NO_TICK);
    ck_assert_uint_eq(atomic_load(&sweeps), 1);
    finish();
}
END_TEST

START_TEST(a_key_that_comes_behind_it_is_not_overlooked)
{
    begin();
    put(1, kv_now() + 1000000);
    atomic_store(&is_put_amid, true);
    put(2, kv_now() + 1);
    AWAIT(!atomic_load(&is_put_amid) && kv_counts(store).keys == 1);
    AWAIT(atomic_load(&sweeps) >= 2);
    finish();
}
END_TEST

static void *put_many(void *number)
{
    int first = *(int *)number * 100000;

    for (int i = 0; i < 20000; i++)
        put(first + i, kv_now() + i % 300);
    return NULL;
}

/* While it sweeps, or is about to sleep. */
START_TEST(no_key_is_overlooked)
{
    enum { THREADS = 4 };
    static int numbers[THREADS];
    pthread_t threads[THREADS];

    begin();
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, put_many, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    AWAIT(kv_counts(store).keys == 0);
    AWAIT(atomic_load(&sweeper.due) == KV_NO_TICK);
    finish();
}
END_TEST

START_TEST(without_a_thread_the_next_key_asks_again)
{
    begin();
    fail_threads(EAGAIN, -1);
    put(1, kv_now());
    put(2, kv_now());
    ck_assert_uint_eq(atomic_load(&thread_calls), 2);
    ck_assert_uint_eq(kv_counts(store).keys, 2);
    const struct kv_bytes key = {"1", 1};
    ck_assert_uint_eq(kv_count_of(store, &key, 1), 0); /* yet no command finds it */
    fail_threads(0, 0);
    put(3, kv_now() + 1);
    AWAIT(kv_counts(store).keys == 0);
    finish();
}
END_TEST

START_TEST(it_ends_at_once_whatever_it_waits_for)
{
    begin();
    finish();
    begin();
    put(1, kv_now() + 1000000);
    finish();
    begin();
    put(1, kv_now() + 1);
    AWAIT(kv_counts(store).keys == 0);
    finish();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        there_is_no_thread_while_no_key_expires,
        what_has_expired_is_freed_unasked_and_then_it_sleeps_for_good,
        a_key_that_expires_sooner_wakes_it,
        a_key_of_the_same_tick_changes_nothing,
        it_sweeps_once_for_one_key,
        a_key_that_comes_behind_it_is_not_overlooked,
        no_key_is_overlooked,
        without_a_thread_the_next_key_asks_again,
        it_ends_at_once_whatever_it_waits_for,
    };
    return suite_run("kv_sweeper", tests, sizeof tests / sizeof tests[0]);
}
