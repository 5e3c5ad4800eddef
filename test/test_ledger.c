/* The ledger of scripts/torture.sh must see what it is there for. */
#include "torture/ledger.h"

#include "suite.h"

#include <check.h>
#include <string.h>

static struct ledger ledger;

static void answer(uint64_t number)
{
    char line[LEDGER_LINE_MOST];
    size_t size = ledger_line(7, number, line);

    ledger_received(&ledger, "Received: ", 10);
    ledger_received(&ledger, line, size);
    ledger_received(&ledger, "\n", 1);
}

static void expect_found(uint64_t answered, uint64_t lost, uint64_t doubled, uint64_t torn)
{
    ck_assert_uint_eq(ledger.answered, answered);
    ck_assert_uint_eq(ledger.lost, lost);
    ck_assert_uint_eq(ledger.doubled, doubled);
    ck_assert_uint_eq(ledger.torn, torn);
}

START_TEST(all_is_well)
{
    ledger_init(&ledger, 7);
    for (uint64_t number = 0; number < 1000; number++)
        answer(number);
    ledger_close(&ledger, 1000);
    expect_found(1000, 0, 0, 0);
}
END_TEST

START_TEST(a_lost_reply_is_seen)
{
    ledger_init(&ledger, 7);
    answer(0);
    answer(2);
    ledger_close(&ledger, 3);
    expect_found(2, 1, 0, 0);
}
END_TEST

START_TEST(a_lost_end_is_seen)
{
    ledger_init(&ledger, 7);
    answer(0);
    ledger_close(&ledger, 3);
    expect_found(1, 2, 0, 0);
}
END_TEST

START_TEST(a_doubled_reply_is_seen)
{
    ledger_init(&ledger, 7);
    answer(0);
    answer(0);
    answer(1);
    ledger_close(&ledger, 2);
    expect_found(2, 0, 1, 0);
}
END_TEST

START_TEST(disorder_is_seen)
{
    ledger_init(&ledger, 7);
    answer(1);
    answer(0);
    ledger_close(&ledger, 2);
    expect_found(1, 1, 1, 0);
}
END_TEST

START_TEST(a_torn_reply_is_seen)
{
    ledger_init(&ledger, 7);
    ledger_received(&ledger, "Received: client 7 li", 21);
    answer(1);
    ledger_close(&ledger, 2);
    expect_found(0, 2, 0, 1);
}
END_TEST

START_TEST(a_torn_end_is_seen)
{
    ledger_init(&ledger, 7);
    answer(0);
    ledger_received(&ledger, "Received: client 7 li", 21);
    ledger_close(&ledger, 1);
    expect_found(1, 0, 0, 1);
}
END_TEST

START_TEST(another_clients_reply_is_torn)
{
    ledger_init(&ledger, 8);
    answer(0);
    ledger_close(&ledger, 0);
    expect_found(0, 0, 0, 1);
}
END_TEST

START_TEST(a_reply_without_end_is_torn)
{
    char noise[4096];

    memset(noise, 'x', sizeof noise);
    ledger_init(&ledger, 7);
    ledger_received(&ledger, noise, sizeof noise);
    ledger_close(&ledger, 0);
    expect_found(0, 0, 0, 1 + sizeof noise / LEDGER_REPLY_MOST);
}
END_TEST

START_TEST(lines_are_counted_in_bytes)
{
    char line[LEDGER_LINE_MOST];
    uint64_t size = 0;
    uint64_t before = 0;

    for (uint64_t number = 0; number < 100; number++) {
        before = size;
        size += ledger_line(7, number, line);
    }
    ck_assert_uint_eq(ledger_lines_in(7, 100, size, size), 100);
    ck_assert_uint_eq(ledger_lines_in(7, 100, size, size - 1), 99);
    ck_assert_uint_eq(ledger_lines_in(7, 100, size, before), 99);
    ck_assert_uint_eq(ledger_lines_in(7, 100, size, 0), 0);
}
END_TEST

START_TEST(a_connection_may_end_between_replies)
{
    char line[LEDGER_LINE_MOST];

    ledger_init(&ledger, 7);
    ck_assert_uint_eq(ledger_reconnect(&ledger), 0);
    size_t size = ledger_line(7, 0, line);
    ledger_received(&ledger, "Received: ", 10);
    ledger_received(&ledger, line, size);
    ledger_received(&ledger, "\n", 1);
    ck_assert_uint_eq(ledger_reconnect(&ledger), 1);
    ck_assert_uint_eq(ledger.torn, 0);
    ledger_received(&ledger, "Received: ", 10);
    ck_assert_uint_eq(ledger_reconnect(&ledger), 1);
    ck_assert_uint_eq(ledger.torn, 1);
    ledger_close(&ledger, 1);
    ck_assert_uint_eq(ledger.lost, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        all_is_well,
        a_lost_reply_is_seen,
        a_lost_end_is_seen,
        a_doubled_reply_is_seen,
        disorder_is_seen,
        a_torn_reply_is_seen,
        a_torn_end_is_seen,
        another_clients_reply_is_torn,
        a_reply_without_end_is_torn,
        lines_are_counted_in_bytes,
        a_connection_may_end_between_replies,
    };
    return suite_run("ledger", tests, sizeof tests / sizeof tests[0]);
}
