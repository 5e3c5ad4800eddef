/* Clients that are rejected, and go themselves. With a whole server: test_limit_reject.c. */
#include "../src/net/reject.h"

#include "../src/base/event.h"
#include "../src/base/monotonic.h"

#include "dial.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct reject_list reject_list;
static int listener;

static uint16_t begin(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static int take(void)
{
    int fd = accept(listener, NULL, NULL);

    ck_assert_int_ge(fd, 0);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Returns when the kernel knows that the client is gone. */
static void await_reset(int fd)
{
    struct pollfd gone = {.fd = fd};

    ck_assert_int_eq(poll(&gone, 1, 10000), 1);
    ck_assert_int_ne(gone.revents & POLLHUP, 0);
}

START_TEST(a_client_that_has_gone_takes_no_place)
{
    int client = dial(begin());
    int fd = take();

    hang_up_rudely(client);
    await_reset(fd);
    reject_begin(&reject_list, fd, "Server busy\n");
    ck_assert_uint_eq(reject_list.count, 0);
    ck_assert(!is_open(fd));
    close(listener);
}
END_TEST

START_TEST(a_client_that_resets_frees_its_place)
{
    int client = dial(begin());
    int fd = take();

    reject_begin(&reject_list, fd, "Server busy\n");
    ck_assert_uint_eq(reject_list.count, 1);
    int64_t deadline = reject_list.places[REJECT_FIRST].deadline_ms;
    hang_up_rudely(client);
    await_reset(fd);
    int event = event_open();
    event_set(event); /* so that it waits for no client */
    reject_wait(&reject_list, listener, event, event);
    close(event);
    ck_assert_int_lt(monotonic_ms(), deadline); /* when it would be freed anyway */
    ck_assert_uint_eq(reject_list.count, 0);
    ck_assert(!is_open(fd));
    close(listener);
}
END_TEST

/* It waits for no client: each still has its line, and has not ended its side. */
START_TEST(all_places_can_be_given_up)
{
    uint16_t port = begin();
    int clients[3], fds[3];

    for (int i = 0; i < 3; i++) {
        clients[i] = dial(port);
        fds[i] = take();
        reject_begin(&reject_list, fds[i], "Server busy\n");
    }
    ck_assert_uint_eq(reject_list.count, 3);
    reject_end(&reject_list);
    ck_assert_uint_eq(reject_list.count, 0);
    for (int i = 0; i < 3; i++) {
        ck_assert(!is_open(fds[i]));
        expect(clients[i], "Server busy\n");
        expect_eof(clients[i]);
        hang_up(clients[i]);
    }
    close(listener);
}
END_TEST

/* poll(2) takes no more descriptors than the limit. */
START_TEST(a_wait_that_cannot_be_is_an_error)
{
    struct rlimit limit;

    begin();
    int event = event_open();
    ck_assert_int_ge(event, 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit low = {.rlim_cur = REJECT_FIRST - 1, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    int waited = reject_wait(&reject_list, listener, event, event);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(waited, -EINVAL);
    event_set(event);
    ck_assert_int_eq(reject_wait(&reject_list, listener, event, event), 0);
    close(event);
    close(listener);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_client_that_has_gone_takes_no_place,
        a_client_that_resets_frees_its_place,
        all_places_can_be_given_up,
        a_wait_that_cannot_be_is_an_error,
    };
    return suite_run("reject", tests, sizeof tests / sizeof tests[0]);
}
