#define _GNU_SOURCE /* setresuid, unshare */
/* The addresses and ports on which the command listens, or cannot. */
#include "command.h"
#include "dial.h"
#include "process.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <lined.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

START_TEST(a_port_in_use_is_status_1)
{
    char port[16];
    char expected[256];
    struct process second;

    serve();
    snprintf(port, sizeof port, "%u", server.port);
    snprintf(expected, sizeof expected,
             "lined: cannot listen on 127.0.0.1:%s: %s; another process listens on this port, see "
             "'ss -ltnp': end that process, or set another --port\n",
             port, process_error(EADDRINUSE));
    process_run(&second, -1, ARGUMENTS("-p", port));
    process_rest(&second.err, text, sizeof text);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(process_wait(&second), 1);
    answer_one("still here\n");
    end_by(SIGTERM, 0);
}
END_TEST

static void expect_cannot_listen(const char *ip, const char *port, const char *why)
{
    process_run(&server, -1, ARGUMENTS("--ip", ip, "--port", port));
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: cannot listen on ", 24) == 0 && strstr(text, why) != NULL,
                  "\"%s\" lacks \"%s\"", text, why);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    ck_assert_int_eq(process_wait(&server), 1);
}

START_TEST(an_address_that_cannot_be_had_is_status_1)
{
    char why[128];

    snprintf(why, sizeof why, "192.0.2.1:0: %s; no interface has this address, see 'ip address'",
             process_error(EADDRNOTAVAIL));
    expect_cannot_listen("192.0.2.1", "0", why);
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0) {
        expect_cannot_listen("::1", "0", "this system has no IPv6");
        return;
    }
    close(fd);
    expect_cannot_listen("fe80::1", "0",
                         "[fe80::1]:0: Invalid argument; a link-local address "
                         "needs its interface, for example --ip 'fe80::1%eth0'");
}
END_TEST

START_TEST(a_port_that_needs_privileges_is_status_1)
{
    unsigned first = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");

    ck_assert(file != NULL && fscanf(file, "%u", &first) == 1);
    fclose(file);
    if (first <= 80 || (geteuid() == 0 && setresuid(OWN_USER, OWN_USER, OWN_USER) != 0) ||
        access(LINED_COMMAND, X_OK) != 0) {
        printf("skipped: needs ports that need privileges, and a build that others may run\n");
        return;
    }
    snprintf(text, sizeof text,
             "127.0.0.1:80: Permission denied; a port below %u needs root (with "
             "--user NAME) or the capability CAP_NET_BIND_SERVICE; or set --port to %u or more\n",
             first, first);
    char *expected = strdup(text);
    ck_assert_ptr_nonnull(expected);
    expect_cannot_listen("127.0.0.1", "80", expected);
    free(expected);
}
END_TEST

START_TEST(ipv6_stands_in_brackets)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        suite_skip("this machine has no IPv6 loopback");
        return;
    }
    close(fd);
    process_run(&server, -1, ARGUMENTS("--ip=::1", "--port=0"));
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: listening on [::1]:", 26) == 0, "%s", text);
    address.sin6_port = htons((uint16_t)strtoul(text + 26, NULL, 10));
    fd = socket(AF_INET6, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    say(fd, "hello\n");
    expect(fd, "Received: hello\n\n");
    hang_up(fd);
    end_by(SIGTERM, 0);
}
END_TEST

/* The kernel takes a moment until an address can be bound. */
static bool can_be_bound(const struct sockaddr_in6 *address)
{
    bool is_bound = false;

    for (int i = 0; i < 30000 && !is_bound; i++) {
        int fd = socket(AF_INET6, SOCK_STREAM, 0);
        is_bound = bind(fd, (const struct sockaddr *)address, sizeof *address) == 0;
        close(fd);
        if (!is_bound)
            poll(NULL, 0, 1);
    }
    return is_bound;
}

/* A network namespace of its own, with fe80::1 on its loopback. False: this system allows none. */
static bool make_link_local(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_scope_id = 1};
    struct in6_ifreq ipv6 = {.ifr6_prefixlen = 64, .ifr6_ifindex = 1};
    struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};

    if (unshare(CLONE_NEWNET) != 0)
        return false;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    inet_pton(AF_INET6, "fe80::1", &ipv6.ifr6_addr);
    address.sin6_addr = ipv6.ifr6_addr;
    bool is_made =
        fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &up) == 0 && ioctl(fd, SIOCSIFADDR, &ipv6) == 0;
    close(fd);
    return is_made && can_be_bound(&address);
}

START_TEST(a_link_local_address_has_a_scope)
{
    if (!make_link_local()) {
        printf("skipped: this needs a network namespace with IPv6\n");
        return;
    }
    process_run(&server, -1, ARGUMENTS("--ip=fe80::1%lo", "--port=0"));
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: listening on [fe80::1%lo]:", 33) == 0, "%s", text);
    end_by(SIGTERM, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_port_in_use_is_status_1,
        an_address_that_cannot_be_had_is_status_1,
        a_port_that_needs_privileges_is_status_1,
        ipv6_stands_in_brackets,
        a_link_local_address_has_a_scope,
    };
    return command_run("command_listen", tests, sizeof tests / sizeof tests[0]);
}
