#include "../src/conn/outbox.h"

#include "suite.h"

#include <lined.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIMIT ((size_t)1000 * 1000)

static int ends[2]; /* of a socket; the other end reads when a test says so */
static struct outbox outbox;
static _Atomic uint64_t bytes_out;
static char bytes[LIMIT + 1];

static void begin(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    outbox_init(&outbox, ends[0], LIMIT, &bytes_out);
}

static void fill(void)
{
    while (send(ends[0], bytes, 1, MSG_DONTWAIT) == 1)
        continue;
}

/* With a socket that takes nothing. */
static void begin_full(void)
{
    begin();
    fill();
}

static void finish(void)
{
    outbox_deinit(&outbox);
    close(ends[0]);
    close(ends[1]);
}

static int push_as(size_t size, bool gathers)
{
    const struct iovec part = {.iov_base = bytes, .iov_len = size};

    outbox_lock(&outbox);
    int result = outbox_push_locked(&outbox, &part, 1, gathers);
    outbox_unlock(&outbox);
    return result;
}

static int push(size_t size)
{
    return push_as(size, false);
}

START_TEST(so_much_may_wait_and_no_more)
{
    begin_full();
    ck_assert_int_eq(push(LIMIT - 1), LINED_OK);
    ck_assert_int_eq(push(1), LINED_OK);
    ck_assert(!outbox_is_slow(&outbox));
    ck_assert_int_eq(push(1), LINED_SLOW_CONSUMER);
    ck_assert(outbox_is_slow(&outbox));
    ck_assert_uint_eq(outbox.waiting.capacity,
                      0); /* nothing is kept for a receiver that is given up */
    ck_assert_int_eq(push(1), LINED_SLOW_CONSUMER);
    finish();
}
END_TEST

/* Else a client that asks for something and does not read would have the limit twice. */
START_TEST(what_the_thread_has_taken_waits_until_it_is_sent)
{
    struct send_buffer taken;

    begin_full();
    send_buffer_init(&taken, LIMIT, NULL);
    ck_assert_int_eq(push(LIMIT - 10), LINED_OK);
    outbox_hold(&outbox, &taken);
    ck_assert_uint_eq(taken.used, LIMIT - 10);
    outbox_sent_held(&outbox, 100);
    ck_assert_int_eq(push(110), LINED_OK);
    outbox_sent_held(&outbox, LIMIT - 110);
    send_buffer_deinit(&taken);
    ck_assert(outbox_release(&outbox, &taken)); /* what came meanwhile is taken, and counts too */
    ck_assert_uint_eq(taken.used, 110);
    ck_assert_int_eq(push(LIMIT - 110), LINED_OK);
    ck_assert_int_eq(push(1), LINED_SLOW_CONSUMER);
    send_buffer_deinit(&taken);
    finish();
}
END_TEST

START_TEST(what_could_not_be_sent_waits_no_more)
{
    struct send_buffer taken;

    begin_full();
    send_buffer_init(&taken, LIMIT, NULL);
    ck_assert_int_eq(push(LIMIT), LINED_OK);
    outbox_hold(&outbox, &taken);
    send_buffer_deinit(&taken);
    ck_assert(!outbox_release(&outbox, &taken));
    ck_assert_int_eq(push(LIMIT), LINED_OK);
    finish();
}
END_TEST

/* What the other end can receive now. */
static size_t received(void)
{
    static char text[LIMIT];
    ssize_t size = recv(ends[1], text, sizeof text, MSG_DONTWAIT);

    return size < 0 ? 0 : (size_t)size;
}

static bool flush(void)
{
    outbox_lock(&outbox);
    bool was_gathered = outbox_flush_locked(&outbox);
    outbox_unlock(&outbox);
    return was_gathered;
}

START_TEST(gathered_bytes_are_not_tried_before_a_flush)
{
    begin();
    ck_assert_int_eq(push_as(10, true), LINED_OK);
    ck_assert_int_eq(push_as(20, true), LINED_OK);
    ck_assert(outbox.is_gathered);
    ck_assert(!outbox_needs_flusher_locked(&outbox));
    ck_assert_uint_eq(outbox_pending_locked(&outbox), 0);
    ck_assert_uint_eq(received(), 0);
    ck_assert(flush());
    ck_assert_uint_eq(received(), 30);
    ck_assert(!flush());
    finish();
}
END_TEST

START_TEST(what_a_flush_leaves_is_for_the_flusher)
{
    begin_full();
    ck_assert_int_eq(push_as(10, true), LINED_OK);
    ck_assert(flush());
    ck_assert(!outbox.is_gathered);
    ck_assert(outbox_needs_flusher_locked(&outbox));
    ck_assert_uint_eq(outbox_pending_locked(&outbox), 10);
    ck_assert_int_eq(push_as(10, true), LINED_OK); /* behind them; no flush needs to know */
    ck_assert(!outbox.is_gathered);
    ck_assert(!flush());
    ck_assert_uint_eq(outbox_pending_locked(&outbox), 20);
    finish();
}
END_TEST

START_TEST(the_limit_counts_only_what_the_socket_does_not_take)
{
    begin();
    outbox.waiting.max = 100;
    ck_assert_int_eq(push_as(60, true), LINED_OK);
    ck_assert_int_eq(push_as(60, true), LINED_OK); /* the first 60 are sent */
    ck_assert_uint_eq(received(), 60);
    fill();
    ck_assert_int_eq(push_as(40, true), LINED_OK);
    ck_assert_int_eq(push_as(1, true), LINED_SLOW_CONSUMER); /* 100 wait, and are refused */
    ck_assert(!outbox.is_gathered);
    finish();
}
END_TEST

START_TEST(the_own_thread_takes_what_is_gathered)
{
    struct send_buffer taken;

    begin();
    send_buffer_init(&taken, LIMIT, NULL);
    ck_assert_int_eq(push_as(10, true), LINED_OK);
    outbox_hold(&outbox, &taken);
    ck_assert_uint_eq(taken.used, 10);
    ck_assert_int_eq(push_as(20, true), LINED_OK);
    ck_assert(!outbox.is_gathered); /* the thread sends them after its reply */
    ck_assert(!flush());
    ck_assert_uint_eq(outbox_pending_locked(&outbox), 30);
    send_buffer_deinit(&taken);
    ck_assert(outbox_release(&outbox, &taken));
    ck_assert_uint_eq(taken.used, 20);
    send_buffer_deinit(&taken);
    ck_assert(!outbox_release(&outbox, &taken));
    ck_assert_int_eq(push_as(5, true), LINED_OK);
    ck_assert(flush());
    ck_assert_uint_eq(received(), 5);
    finish();
}
END_TEST

/* The socket takes a part of the parts: the rest begins in the middle of one. */
START_TEST(the_rest_of_parts_waits_whole)
{
    static char other[LIMIT];
    const struct iovec parts[] = {{bytes, 3}, {other, LIMIT - 10}, {bytes, 7}};
    size_t size = 0, got;

    memset(other, 'o', sizeof other);
    begin();
    outbox_lock(&outbox);
    ck_assert_int_eq(outbox_push_locked(&outbox, parts, 3, true), LINED_OK);
    outbox_unlock(&outbox);
    size_t rest = outbox.waiting.used;
    ck_assert_uint_gt(rest, 7);
    ck_assert_uint_lt(rest, LIMIT - 3);
    ck_assert_mem_eq(outbox.waiting.data, other, rest - 7);
    ck_assert_mem_eq(outbox.waiting.data + rest - 7, bytes, 7);
    while ((got = received()) > 0)
        size += got;
    ck_assert_uint_eq(size + rest, LIMIT);
    finish();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        so_much_may_wait_and_no_more,           what_the_thread_has_taken_waits_until_it_is_sent,
        what_could_not_be_sent_waits_no_more,   gathered_bytes_are_not_tried_before_a_flush,
        what_a_flush_leaves_is_for_the_flusher, the_limit_counts_only_what_the_socket_does_not_take,
        the_own_thread_takes_what_is_gathered,  the_rest_of_parts_waits_whole,
    };
    return suite_run("outbox", tests, sizeof tests / sizeof tests[0]);
}
