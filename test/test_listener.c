#include "../src/net/listener.h"
#include "../src/net/peer.h"

#include "dial.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
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
    static const int retried[] = {EINTR,       ECONNABORTED,    EPROTO,         ENETDOWN,
                                  ENETUNREACH, EHOSTDOWN,       EHOSTUNREACH,   ENONET,
                                  ENOPROTOOPT, EOPNOTSUPP,      EPERM,          ETIMEDOUT,
                                  ENOSR,       ESOCKTNOSUPPORT, EPROTONOSUPPORT};
    static const int paced[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
    static const int fatal[] = {EBADF, ENOTSOCK, EFAULT, EXDEV};

    for (size_t i = 0; i < sizeof retried / sizeof retried[0]; i++)
        ck_assert_int_eq(accept_verdict(retried[i]), ACCEPT_RETRY);
    for (size_t i = 0; i < sizeof paced / sizeof paced[0]; i++)
        ck_assert_int_eq(accept_verdict(paced[i]), ACCEPT_PAUSE);
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        ck_assert_int_eq(accept_verdict(fatal[i]), ACCEPT_FATAL);
    ck_assert_int_eq(accept_verdict(EINVAL), ACCEPT_ENDED);
    ck_assert_int_eq(accept_verdict(EAGAIN), ACCEPT_WAIT);
}
END_TEST

static struct listener listener;

/* Listens at text; the kernel gives up a silent peer after give_up_ms. Returns as listener_open. */
static int open_listener(const char *text, uint32_t give_up_ms)
{
    const struct listener_options options = {.backlog = 8, .give_up_ms = give_up_ms};
    struct endpoint endpoint;
    const char *why = "";

    ck_assert_msg(endpoint_parse(text, &endpoint, &why), "%s must be %s", text, why);
    return listener_open(&listener, &endpoint, &options);
}

static int connect_to_listener(void)
{
    ck_assert_int_eq(open_listener("127.0.0.1:0", 30000), 0);
    return dial(listener.port);
}

/* Waits for a client. */
static int accept_client(union net_address *peer)
{
    struct pollfd queued = {.fd = listener.fd, .events = POLLIN};

    ck_assert_int_eq(poll(&queued, 1, 10000), 1);
    int fd = listener_accept(&listener, peer);
    ck_assert_int_ge(fd, 0);
    return fd;
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
    ck_assert_int_eq(open_listener("127.0.0.1:0", 1000000000), 0);
    expect_number(listener.fd, TCP_USER_TIMEOUT, 999999900);
    expect_number(listener.fd, TCP_KEEPIDLE, 32767);
    listener_close(&listener);
    ck_assert_int_eq(open_listener("127.0.0.1:0", 1), 0);
    expect_number(listener.fd, TCP_USER_TIMEOUT, 1);
    expect_number(listener.fd, TCP_KEEPIDLE, 1);
    listener_close(&listener);
}
END_TEST

START_TEST(accepted_sockets_inherit_what_the_listener_has)
{
    union net_address peer;
    int client = connect_to_listener();
    int fd = accept_client(&peer);

    expect_option(fd, IPPROTO_TCP, TCP_NODELAY);
    expect_option(fd, SOL_SOCKET, SO_OOBINLINE);
    expect_option(fd, SOL_SOCKET, SO_KEEPALIVE);
    expect_number(fd, TCP_USER_TIMEOUT, 29900);
    expect_number(fd, TCP_KEEPIDLE, 22);
    expect_number(fd, TCP_KEEPINTVL, 1);
    close(fd);
    close(client);
    listener_close(&listener);
}
END_TEST

START_TEST(clients_in_the_backlog_are_counted)
{
    union net_address peer;
    int client = connect_to_listener();
    int other = dial(listener.port);
    struct pollfd queued = {.fd = listener.fd, .events = POLLIN};

    ck_assert_int_eq(poll(&queued, 1, 10000), 1);
    ck_assert_uint_eq(listener_queued(&listener), 2);
    close(listener_accept(&listener, &peer));
    close(listener_accept(&listener, &peer));
    ck_assert_uint_eq(listener_queued(&listener), 0);
    ck_assert_int_eq(listener_accept(&listener, &peer), -EAGAIN);
    close(client);
    close(other);
    listener_close(&listener);
}
END_TEST

/* ---- IPv4 and IPv6 ---- */

static void expect_peer(union net_address *peer, int family, const char *begin)
{
    char text[ADDRESS_SIZE];

    ck_assert_int_eq(peer->any.sa_family, family);
    address_format(peer, text);
    ck_assert_msg(strncmp(text, begin, strlen(begin)) == 0, "%s", text);
}

START_TEST(every_address_is_one_socket_for_both_families)
{
    union net_address peer;

    ck_assert_int_eq(open_listener("*:0", 0), 0);
    int client = dial(listener.port); /* 127.0.0.1 */
    int fd = accept_client(&peer);
    expect_peer(&peer, AF_INET, "127.0.0.1:");
    close(fd);
    close(client);
    listener_close(&listener);
}
END_TEST

static bool has_no_ipv6;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);

/* As a kernel without IPv6 does. */
int __wrap_socket(int family, int type, int protocol)
{
    if (!has_no_ipv6 || family != AF_INET6)
        return __real_socket(family, type, protocol);
    errno = EAFNOSUPPORT;
    return -1;
}

START_TEST(every_address_without_ipv6_is_every_ipv4_address)
{
    char expected[32];

    has_no_ipv6 = true;
    ck_assert_int_eq(open_listener("*:0", 0), 0);
    snprintf(expected, sizeof expected, "0.0.0.0:%u", listener.port);
    ck_assert_str_eq(listener.name, expected);
    close(dial(listener.port));
    listener_close(&listener);
    ck_assert_int_eq(open_listener("[::]:0", 0), -EAFNOSUPPORT);
    has_no_ipv6 = false;
}
END_TEST

START_TEST(an_ipv6_address_takes_no_ipv4_clients)
{
    struct listener ipv6;
    int value = 0;
    socklen_t size = sizeof value;
    int failed;

    do { /* another test may have the port for IPv4 */
        ck_assert_int_eq(open_listener("[::]:0", 0), 0);
        ck_assert_int_eq(getsockopt(listener.fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &size), 0);
        ck_assert_int_eq(value, 1);
        ipv6 = listener;
        char text[32];
        snprintf(text, sizeof text, "0.0.0.0:%u", ipv6.port);
        failed = open_listener(text, 0); /* the same port is free */
        if (failed == -EADDRINUSE)
            listener_close(&ipv6);
    } while (failed == -EADDRINUSE);
    ck_assert_int_eq(failed, 0);
    listener_close(&listener);
    listener_close(&ipv6);
}
END_TEST

/* ---- Unix sockets ---- */

static char folder[] = "/tmp/lined-listener-XXXXXX";
static char path[64];
static char unix_text[96];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/lined-listener-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(unix_text, sizeof unix_text, "unix:%s", path);
}

static void remove_folder(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static int dial_unix(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

START_TEST(a_unix_socket_has_its_mode_and_group_and_is_removed)
{
    union net_address peer;
    struct stat file;
    char text[128];

    make_folder();
    snprintf(text, sizeof text, "%s,mode=0620,group=%s", unix_text, getgrgid(getgid())->gr_name);
    ck_assert_int_eq(open_listener(text, 1000), 0);
    ck_assert_str_eq(listener.name, unix_text);
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert_uint_eq(file.st_mode & 0777, 0620);
    ck_assert_uint_eq(file.st_gid, getgid());
    int client = dial_unix();
    int fd = accept_client(&peer);
    ck_assert_int_eq(peer.any.sa_family, AF_UNIX);
    ck_assert_int_eq(peer_state(fd), PEER_OPEN);
    close(client);
    ck_assert_int_eq(peer_state(fd), PEER_DEAD);
    close(fd);
    listener_close(&listener);
    ck_assert_int_eq(access(path, F_OK), -1);
    remove_folder();
}
END_TEST

START_TEST(a_stale_socket_file_is_replaced_and_no_other_file)
{
    make_folder();
    ck_assert_int_eq(open_listener(unix_text, 0), 0);
    struct listener first = listener;
    ck_assert_int_eq(open_listener(unix_text, 0), -EADDRINUSE); /* it is served */
    shutdown(first.fd, SHUT_RDWR); /* it refuses connections, as after a crash */
    ck_assert_int_eq(open_listener(unix_text, 0), 0);
    listener_close(&first); /* the file is another one's now: it stays */
    ck_assert_int_eq(access(path, F_OK), 0);
    listener_close(&listener);
    ck_assert_int_eq(access(path, F_OK), -1);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ck_assert_int_eq(open_listener(unix_text, 0), -EADDRINUSE);
    ck_assert_int_eq(access(path, F_OK), 0);
    remove_folder();
}
END_TEST

/* What is done after the next bind(2), as if by another process. */
static void (*after_bind)(void);

int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
    void (*after)(void) = after_bind;
    int result = __real_bind(fd, address, size);
    int error = errno;

    after_bind = NULL;
    if (after != NULL)
        after();
    errno = error;
    return result;
}

static char other_path[80];

static void put_a_link_there(void)
{
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink(other_path, path), 0);
}

static void remove_the_file(void)
{
    ck_assert_int_eq(unlink(path), 0);
}

START_TEST(the_mode_is_of_the_socket_and_of_no_other_file)
{
    struct stat file;
    char text[128];

    make_folder();
    snprintf(other_path, sizeof other_path, "%s/other", folder);
    close(open(other_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    snprintf(text, sizeof text, "%s,mode=0666", unix_text);
    after_bind = put_a_link_there;
    ck_assert_int_eq(open_listener(text, 0), -EADDRINUSE);
    ck_assert_int_eq(stat(other_path, &file), 0);
    ck_assert_uint_eq(file.st_mode & 0777, 0600);
    ck_assert_int_eq(open_listener(text, 0), -EADDRINUSE); /* a link is no socket file */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(unlink(other_path), 0);
    ck_assert_int_eq(symlink(other_path, path), 0); /* also if it leads nowhere */
    ck_assert_int_eq(open_listener(text, 0), -EADDRINUSE);
    ck_assert_int_eq(access(other_path, F_OK), -1);
    ck_assert_int_eq(unlink(path), 0);
    mode_t before = umask(0077);
    ck_assert_int_eq(open_listener(text, 0), 0);
    umask(before);
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert_uint_eq(file.st_mode & 0777, 0666);
    listener_close(&listener);
    remove_folder();
}
END_TEST

/* As the earlier server does at its end. */
START_TEST(a_socket_file_that_goes_in_the_meantime_is_no_error)
{
    make_folder();
    ck_assert_int_eq(open_listener(unix_text, 0), 0);
    struct listener first = listener;
    after_bind = remove_the_file;
    ck_assert_int_eq(open_listener(unix_text, 0), 0);
    close(dial_unix());
    listener_close(&first);
    close(dial_unix());
    listener_close(&listener);
    remove_folder();
}
END_TEST

/* True: no other server makes a socket file in the folder at the same time. */
static bool folder_is_locked(void)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_locked = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;

    close(fd);
    return is_locked;
}

static bool was_locked;

static void note_the_lock(void)
{
    was_locked = folder_is_locked();
}

/* Between bind(2) and listen(2) a socket file seems to be one of an earlier server. */
START_TEST(servers_of_one_folder_start_one_after_the_other)
{
    make_folder();
    after_bind = note_the_lock;
    ck_assert_int_eq(open_listener(unix_text, 0), 0);
    ck_assert(was_locked);
    ck_assert(!folder_is_locked());
    struct listener first = listener;
    ck_assert_int_eq(open_listener(unix_text, 0), -EADDRINUSE);
    ck_assert(!folder_is_locked());
    listener_close(&first);
    remove_folder();
}
END_TEST

/* Another program may keep the lock. */
START_TEST(a_locked_folder_does_not_keep_a_server_from_starting)
{
    make_folder();
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    ck_assert_int_eq(open_listener(unix_text, 0), 0);
    close(fd);
    listener_close(&listener);
    remove_folder();
}
END_TEST

START_TEST(without_its_file_a_unix_socket_keeps_its_queue)
{
    union net_address peer;

    make_folder();
    ck_assert_int_eq(open_listener(unix_text, 0), 0);
    int client = dial_unix();
    ck_assert_uint_eq(listener_queued(&listener), 9); /* the backlog, and one */
    listener_remove_file(&listener);
    ck_assert_int_eq(access(path, F_OK), -1);
    close(accept_client(&peer));
    struct listener first = listener;
    ck_assert_int_eq(open_listener(unix_text, 0), 0);
    listener_close(&first);
    ck_assert_int_eq(access(path, F_OK), 0); /* it is the other one's now */
    close(client);
    listener_close(&listener);
    remove_folder();
}
END_TEST

START_TEST(what_a_unix_socket_cannot_have_is_an_error)
{
    const struct listener_options reuse = {.backlog = 8, .reuse_port = true};
    struct endpoint endpoint;
    const char *why;
    char text[128];

    make_folder();
    ck_assert(endpoint_parse(unix_text, &endpoint, &why));
    ck_assert_int_eq(listener_open(&listener, &endpoint, &reuse), -EOPNOTSUPP);
    snprintf(text, sizeof text, "%s,group=no-such-group-here", unix_text);
    ck_assert_int_eq(open_listener(text, 0), -ENOENT);
    ck_assert_int_eq(access(path, F_OK), -1);
    snprintf(text, sizeof text, "unix:%s/missing/socket", folder);
    ck_assert_int_eq(open_listener(text, 0), -ENOENT);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    snprintf(text, sizeof text, "%s/socket", unix_text);
    ck_assert_int_eq(open_listener(text, 0), -ENOTDIR);
    remove_folder();
}
END_TEST

/* ---- inherited sockets ---- */

START_TEST(an_inherited_listener_is_never_shut_down)
{
    union net_address peer;
    char text[32];

    int client = connect_to_listener();
    struct listener own = listener;
    snprintf(text, sizeof text, "fd:%d", dup(own.fd));
    ck_assert_int_eq(open_listener(text, 30000), 0);
    ck_assert_str_eq(listener.name, own.name);
    int fd = accept_client(&peer);
    expect_option(fd, IPPROTO_TCP, TCP_NODELAY);
    expect_number(fd, TCP_USER_TIMEOUT, 29900);
    close(fd);
    listener_close(&listener);
    listener = own; /* which still listens */
    int other = dial(listener.port);
    close(accept_client(&peer));
    close(other);
    close(client);
    listener_close(&listener);
}
END_TEST

START_TEST(an_abstract_socket_is_named_with_an_at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char expected[64];
    char text[32];

    int length =
        snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "lined-test-%d", (int)getpid());
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
                          offsetof(struct sockaddr_un, sun_path) + 1 + (socklen_t)length),
                     0);
    ck_assert_int_eq(listen(fd, 8), 0);
    snprintf(text, sizeof text, "fd:%d", fd);
    ck_assert_int_eq(open_listener(text, 0), 0);
    snprintf(expected, sizeof expected, "unix:@lined-test-%d", (int)getpid());
    ck_assert_str_eq(listener.name, expected);
    listener_close(&listener);
}
END_TEST

START_TEST(only_listening_streams_are_inherited)
{
    char text[32];
    int client = connect_to_listener();
    struct listener own = listener;
    int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int unused = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const struct {
        int fd;
        int error;
    } cases[] = {{datagrams, EPROTOTYPE},
                 {client, EISCONN},
                 {unused, EINVAL},
                 {null, ENOTSOCK},
                 {12345, EBADF}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "fd:%d", cases[i].fd);
        ck_assert_int_eq(open_listener(text, 0), -cases[i].error);
        /* it stays the caller's */
        ck_assert_int_eq(fcntl(cases[i].fd, F_GETFD) < 0, cases[i].error == EBADF);
    }
    close(null);
    close(unused);
    close(datagrams);
    close(client);
    listener_close(&own);
}
END_TEST

START_TEST(a_dead_connection_owes_no_acknowledgement)
{
    static const char bytes[65536];
    union net_address peer;
    struct pollfd dead = {.events = 0};
    int client = connect_to_listener();
    int fd = accept_client(&peer);

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
    listener_close(&listener);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        literals_are_read_and_written,
        a_scope_without_a_name_is_a_number,
        other_words_are_no_addresses,
        every_errno_of_accept_has_a_verdict,
        no_time_is_too_long_to_give_up_after,
        accepted_sockets_inherit_what_the_listener_has,
        clients_in_the_backlog_are_counted,
        a_dead_connection_owes_no_acknowledgement,
        every_address_is_one_socket_for_both_families,
        every_address_without_ipv6_is_every_ipv4_address,
        an_ipv6_address_takes_no_ipv4_clients,
        a_unix_socket_has_its_mode_and_group_and_is_removed,
        a_stale_socket_file_is_replaced_and_no_other_file,
        the_mode_is_of_the_socket_and_of_no_other_file,
        a_socket_file_that_goes_in_the_meantime_is_no_error,
        servers_of_one_folder_start_one_after_the_other,
        a_locked_folder_does_not_keep_a_server_from_starting,
        without_its_file_a_unix_socket_keeps_its_queue,
        what_a_unix_socket_cannot_have_is_an_error,
        an_inherited_listener_is_never_shut_down,
        an_abstract_socket_is_named_with_an_at,
        only_listening_streams_are_inherited,
    };
    return suite_run("listener", tests, sizeof tests / sizeof tests[0]);
}
