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

/* With a socket that takes nothing. */
static void begin_full(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    while (send(ends[0], bytes, 1, MSG_DONTWAIT) == 1)
        continue;
    outbox_init(&outbox, ends[0], LIMIT, &bytes_out);
}

static void finish(void)
{
    outbox_deinit(&outbox);
    close(ends[0]);
    close(ends[1]);
}

static int push(size_t size)
{
    outbox_lock(&outbox);
    const struct iovec part = {.iov_base = bytes, .iov_len = size};
    int result = outbox_push_locked(&outbox, &part, 1, false);
    outbox_unlock(&outbox);
    return result;
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

int main(void)
{
    const TTest *const tests[] = {
        so_much_may_wait_and_no_more,
        what_the_thread_has_taken_waits_until_it_is_sent,
        what_could_not_be_sent_waits_no_more,
    };
    return suite_run("outbox", tests, sizeof tests / sizeof tests[0]);
}
