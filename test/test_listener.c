#include "../src/net/listener.h"
#include "../src/net/peer.h"

#include "dial.h"
#include "suite.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

START_TEST(literals_are_read_and_written)
{
    static const struct {
        const char *ip;
        const char *text;
    } cases[] = {
        {"127.0.0.1", "127.0.0.1:80"},
        {"0.0.0.0", "0.0.0.0:80"},
        {"::1", "[::1]:80"},
        {"::", "[::]:80"},
        {"fe80::1%lo", "[fe80::1%lo]:80"},
        {"0:0::0001", "[::1]:80"},
    };
    union net_address address;
    char text[ADDRESS_SIZE];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(address_parse(cases[i].ip, 80, &address), "%s", cases[i].ip);
        address_format(&address, text);
        ck_assert_str_eq(text, cases[i].text);
    }
    ck_assert(address_parse("fe80::1", 80, &address));
    address.v6.sin6_scope_id = INT32_MAX; /* of an interface that has gone */
    address_format(&address, text);
    ck_assert_str_eq(text, "[fe80::1%2147483647]:80");
}
END_TEST

START_TEST(a_scope_without_a_name_is_a_number)
{
    union net_address address;
    union net_address again;
    char text[ADDRESS_SIZE];

    ck_assert(address_parse("fe80::1%lo", 80, &address));
    address.v6.sin6_scope_id = 4000000000; /* no machine has so many interfaces */
    address_format(&address, text);
    ck_assert_str_eq(text, "[fe80::1%4000000000]:80");
    ck_assert(address_parse("fe80::1%4000000000", 80, &again));
    ck_assert_uint_eq(again.v6.sin6_scope_id, address.v6.sin6_scope_id);
}
END_TEST

START_TEST(other_words_are_no_addresses)
{
    static const char *const words[] = {"",          "localhost",  "127.1", "1.2.3.4.5",
                                        "256.0.0.1", "0x7f000001", "::g",   "[::1]",
                                        " ::1",      "127.0.0.1 "};
    union net_address address;

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(!address_parse(words[i], 80, &address), "%s", words[i]);
}
END_TEST

START_TEST(every_errno_of_accept_has_a_verdict)
{
    static const int retried[] = {EINTR,       ECONNABORTED, EPROTO,          ENETDOWN,
                                  ENETUNREACH, EHOSTDOWN,    EHOSTUNREACH,    ENONET,
                                  ENOPROTOOPT, EOPNOTSUPP,   EPERM,           ETIMEDOUT,
                                  ENOSR,       EAGAIN,       ESOCKTNOSUPPORT, EPROTONOSUPPORT};
    static const int paced[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
    static const int fatal[] = {EBADF, ENOTSOCK, EFAULT, EXDEV};

    for (size_t i = 0; i < sizeof retried / sizeof retried[0]; i++)
        ck_assert_int_eq(accept_verdict(retried[i]), ACCEPT_RETRY);
    for (size_t i = 0; i < sizeof paced / sizeof paced[0]; i++)
        ck_assert_int_eq(accept_verdict(paced[i]), ACCEPT_PAUSE);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        ck_assert_int_eq(accept_verdict(fatal[i]), ACCEPT_FATAL);
    ck_assert_int_eq(accept_verdict(EINVAL), ACCEPT_ENDED);
}
END_TEST

static int listener;

static int connect_to_listener(void)
{
    union net_address address;

    ck_assert(address_parse("127.0.0.1", 0, &address));
    listener = listener_open(&address, 8, 30000);
    ck_assert_int_ge(listener, 0);
    return dial(listener_port(listener));
}

static void expect_option(int fd, int level, int option)
{
    int value = 0;
    socklen_t size = sizeof value;

    ck_assert_int_eq(getsockopt(fd, level, option, &value, &size), 0);
    ck_assert_int_ne(value, 0);
}

static void expect_number(int fd, int option, int expected)
{
    int value = 0;
    socklen_t size = sizeof value;

    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, option, &value, &size), 0);
    ck_assert_int_eq(value, expected);
}

/* The longest that the command takes; the kernel's seconds end sooner. */
START_TEST(no_time_is_too_long_to_give_up_after)
{
    union net_address address;

    ck_assert(address_parse("127.0.0.1", 0, &address));
    int fd = listener_open(&address, 8, 1000000000);
    ck_assert_int_ge(fd, 0);
    expect_number(fd, TCP_USER_TIMEOUT, 999999900);
    expect_number(fd, TCP_KEEPIDLE, 32767);
    close(fd);
    fd = listener_open(&address, 8, 1);
    ck_assert_int_ge(fd, 0);
    expect_number(fd, TCP_USER_TIMEOUT, 1);
    expect_number(fd, TCP_KEEPIDLE, 1);
    close(fd);
}
END_TEST

START_TEST(accepted_sockets_inherit_what_the_listener_has)
{
    union net_address peer;
    int client = connect_to_listener();
    int fd = listener_accept(listener, &peer);

    expect_option(fd, IPPROTO_TCP, TCP_NODELAY);
    expect_option(fd, SOL_SOCKET, SO_OOBINLINE);
    expect_option(fd, SOL_SOCKET, SO_KEEPALIVE);
    expect_number(fd, TCP_USER_TIMEOUT, 29900);
    expect_number(fd, TCP_KEEPIDLE, 22);
    expect_number(fd, TCP_KEEPINTVL, 1);
    close(fd);
    close(client);
    close(listener);
}
END_TEST

START_TEST(clients_in_the_backlog_are_counted)
{
    union net_address peer;
    int client = connect_to_listener();
    int other = dial(listener_port(listener));
    struct pollfd queued = {.fd = listener, .events = POLLIN};

    ck_assert_int_eq(poll(&queued, 1, 10000), 1);
    ck_assert_uint_eq(listener_queued(listener), 2);
    listener_set_nonblocking(listener);
    close(listener_accept(listener, &peer));
    close(listener_accept(listener, &peer));
    ck_assert_uint_eq(listener_queued(listener), 0);
    ck_assert_int_eq(listener_accept(listener, &peer), -EAGAIN);
    close(client);
    close(other);
    close(listener);
}
END_TEST

START_TEST(a_dead_connection_owes_no_acknowledgement)
{
    static const char bytes[65536];
    union net_address peer;
    struct pollfd dead = {.events = 0};
    int client = connect_to_listener();
    int fd = listener_accept(listener, &peer);

    dead.fd = fd;
    ck_assert_int_eq(peer_state(fd), PEER_OPEN);
    while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        continue;
    ck_assert_uint_gt(peer_unacknowledged(fd), 0);
    hang_up_rudely(client);
    ck_assert_int_eq(poll(&dead, 1, 10000), 1); /* POLLHUP */
    ck_assert_int_eq(peer_state(fd), PEER_DEAD);
    ck_assert_uint_eq(peer_unacknowledged(fd), 0);
    close(fd);
    close(listener);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        literals_are_read_and_written,        a_scope_without_a_name_is_a_number,
        other_words_are_no_addresses,         every_errno_of_accept_has_a_verdict,
        no_time_is_too_long_to_give_up_after, accepted_sockets_inherit_what_the_listener_has,
        clients_in_the_backlog_are_counted,   a_dead_connection_owes_no_acknowledgement,
    };
    return suite_run("net", tests, sizeof tests / sizeof tests[0]);
}
