/*
 * Behind HAProxy, which sends both versions of the header over IPv4, IPv6 and a Unix socket: lined
 * logs the address of HAProxy's client.
 */
#include "command.h"
#include "dial.h"
#include "process.h"
#include "suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not in the PATH of most users. */
static const char haproxy[] = "/usr/sbin/haproxy";

/* The frontends, IPv4 and IPv6: HAProxy inherits their sockets, which listen already. */
static int frontends[2];
static struct sockaddr_in v4_frontend;
static struct sockaddr_in6 v6_frontend;

static char folder[] = "/tmp/lined-haproxy-XXXXXX";
static char config[64];
static pid_t proxy;

static void listen_on(int *fd, int family, struct sockaddr *address, socklen_t size)
{
    *fd = socket(family, SOCK_STREAM, 0);
    ck_assert_int_ge(*fd, 0);
    ck_assert_int_eq(bind(*fd, address, size), 0);
    ck_assert_int_eq(listen(*fd, 16), 0);
    ck_assert_int_eq(getsockname(*fd, address, &size), 0);
}

static void open_frontends(void)
{
    v4_frontend =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    v6_frontend =
        (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    listen_on(&frontends[0], AF_INET, (struct sockaddr *)&v4_frontend, sizeof v4_frontend);
    listen_on(&frontends[1], AF_INET6, (struct sockaddr *)&v6_frontend, sizeof v6_frontend);
}

/* place: of lined; how: send-proxy or send-proxy-v2. */
static void start_proxy(const char *place, const char *how)
{
    snprintf(config, sizeof config, "%s/haproxy.cfg", folder);
    FILE *file = fopen(config, "we");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "global\n    maxconn 16\n"
            "defaults\n    mode tcp\n    timeout connect 30s\n    timeout client 30s\n"
            "    timeout server 30s\n"
            "listen lines\n    bind fd@%d\n    bind fd@%d\n    server lined %s %s\n",
            frontends[0], frontends[1], place, how);
    ck_assert_int_eq(fclose(file), 0);
    proxy = fork();
    ck_assert_int_ge(proxy, 0);
    if (proxy == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(haproxy, "haproxy", "-q", "-db", "-f", config, (char *)NULL);
        _exit(127);
    }
    close(frontends[0]);
    close(frontends[1]);
}

static void end_proxy(void)
{
    ck_assert_int_eq(kill(proxy, SIGKILL), 0);
    ck_assert_int_eq(waitpid(proxy, NULL, 0), proxy);
    ck_assert_int_eq(unlink(config), 0);
}

/* A client of the frontend sends a line that is too long: so lined logs its address. */
static void expect_logged(int family, const struct sockaddr *frontend, socklen_t size)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } own = {.any = {.sa_family = (sa_family_t)family}};
    const struct timeval deadline = {.tv_sec = 30};
    char expected[128];
    int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(client, 0);
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
    if (family == AF_INET) { /* not the address that HAProxy connects from */
        own.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 8);
        ck_assert_int_eq(bind(client, &own.any, sizeof own.v4), 0);
    }
    ck_assert_int_eq(connect(client, frontend, size), 0);
    size = sizeof own;
    ck_assert_int_eq(getsockname(client, &own.any, &size), 0);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    expect_log_line("Incoming packet: \"hello\\n\"");
    say(client, "a line that is too long\n");
    drink(client);
    if (family == AF_INET)
        snprintf(expected, sizeof expected, "Connection closed: line too long: 127.0.0.9:%u",
                 ntohs(own.v4.sin_port));
    else
        snprintf(expected, sizeof expected, "Connection closed: line too long: [::1]:%u",
                 ntohs(own.v6.sin6_port));
    expect_log_line(expected);
    close(client);
}

static const char *const versions[] = {"v1", "v2"};
static const char *const sends[] = {"send-proxy", "send-proxy-v2"};

/* listens: the place for lined; "" after it is the port of lined for HAProxy. */
static void try(const char *listens, const char *place_format, int version)
{
    char place[128];
    const char *const arguments[] = {"--listen",
                                     listens,
                                     "--proxy-protocol",
                                     versions[version],
                                     "--proxy-from",
                                     "127.0.0.1,::1",
                                     "--max-line",
                                     "16",
                                     "--long-line",
                                     "close",
                                     NULL};
    char line[512];

    process_run(&server, -1, arguments);
    process_line(&server.err, line, sizeof line);
    ck_assert_msg(strncmp(line, "lined: listening on ", 20) == 0, "%s", line);
    snprintf(place, sizeof place, place_format, strrchr(line, ':') + 1);
    open_frontends();
    start_proxy(place, sends[version]);
    expect_logged(AF_INET, (struct sockaddr *)&v4_frontend, sizeof v4_frontend);
    expect_logged(AF_INET6, (struct sockaddr *)&v6_frontend, sizeof v6_frontend);
    end_proxy();
    end_by(SIGTERM, 0);
}

START_TEST(over_ipv4)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    try("127.0.0.1:0", "127.0.0.1:%s", _i);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(over_ipv6)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    try("[::1]:0", "[::1]:%s", _i);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(over_a_unix_socket)
{
    char listens[128];
    char path[96];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(listens, sizeof listens, "unix:%s", path);
    try(listens, "unix@%s", _i);
    unlink(path); /* lined in its sandbox cannot */
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        over_ipv4,
        over_ipv6,
        over_a_unix_socket,
    };

    if (access(haproxy, X_OK) != 0)
        return suite_skip("/usr/sbin/haproxy is not installed");
    signal(SIGPIPE, SIG_IGN);
    return suite_run_loop("haproxy", tests, sizeof tests / sizeof tests[0], 2);
}
