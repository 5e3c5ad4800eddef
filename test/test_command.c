#define _GNU_SOURCE /* prlimit, unshare */
/* The command as its users meet it: messages, exit statuses, signals, the packet log's faults. */
#include "dial.h"
#include "process.h"
#include "suite.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A user who has no other process than what a test starts. */
#define OWN_USER 64321

static struct process server;
static char text[65536];

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ARGUMENTS   ((const char *const[]){NULL})

static void serve(void)
{
    process_serve(&server, -1, NO_ARGUMENTS);
}

static void expect_log_line(const char *expected)
{
    process_line(&server.out, text, sizeof text);
    ck_assert_str_eq(text, expected);
}

/* Signals it and expects this exit status, and that standard error ends with the summary. */
static void end_by(int signal, int status)
{
    ck_assert_int_eq(kill(server.pid, signal), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, "lined: served ") != NULL, "it says \"%s\"", text);
    ck_assert_int_eq(process_wait(&server), status);
}

static void answer_one(const char *line)
{
    char reply[256];
    int client = dial(server.port);

    snprintf(reply, sizeof reply, "Received: %s\n", line);
    say(client, line);
    expect(client, reply);
    hang_up(client);
}

static void expect_usage_error(const char *const arguments[], const char *part)
{
    process_run(&server, -1, arguments);
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" lacks %s", text, part);
    ck_assert_msg(strncmp(text, "lined: ", 7) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "--help"));
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    ck_assert_uint_eq(process_rest(&server.out, text, sizeof text), 0);
    ck_assert_int_eq(process_wait(&server), 2);
}

START_TEST(bad_input_is_one_line_and_status_2)
{
    expect_usage_error(ARGUMENTS("--nope"), "--nope");
    expect_usage_error(ARGUMENTS("--port", "70000"), "--port '70000'");
    expect_usage_error(ARGUMENTS("--port", "12x"), "--port '12x'");
    expect_usage_error(ARGUMENTS("--port", ""), "--port ''");
    expect_usage_error(ARGUMENTS("--ip", "localhost9"), "--ip 'localhost9'");
    expect_usage_error(ARGUMENTS("stray"), "stray");
    expect_usage_error(ARGUMENTS("--handler", "nobody"), "--handler 'nobody': there is no handler");
    expect_usage_error(ARGUMENTS("--handler", "kv", "--mode", "active"), "use passive");
    setenv("LINED_MAX_LINE", "5", 1);
    expect_usage_error(NO_ARGUMENTS, "LINED_MAX_LINE '5'");
}
END_TEST

/* Also what is wrong with it is found after the options were read. */
START_TEST(bad_input_is_named_by_its_variable)
{
    setenv("LINED_HANDLER", "nobody", 1);
    expect_usage_error(NO_ARGUMENTS, "lined: LINED_HANDLER 'nobody': there is no handler");
    expect_usage_error(ARGUMENTS("-H", "other"), "lined: --handler 'other': there is no handler");
    setenv("LINED_HANDLER", "kv", 1);
    expect_usage_error(ARGUMENTS("--mode=active"), "--mode 'active' is not for LINED_HANDLER 'kv'");
    setenv("LINED_MODE", "active", 1);
    expect_usage_error(ARGUMENTS("-H", "kv"), "LINED_MODE 'active' is not for --handler 'kv'");
    setenv("LINED_HANDLER", "", 1);
    setenv("LINED_USER", "root", 1);
    expect_usage_error(NO_ARGUMENTS, "lined: LINED_USER 'root': that is root");
}
END_TEST

START_TEST(a_service_of_its_name_is_warned_of)
{
    setenv("LINED_PORT", "tcp://10.96.14.7:1234", 1);
    process_run(&server, -1, ARGUMENTS("--ip=192.0.2.1")); /* no machine has it: RFC 5737 */
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: LINED_PORT 'tcp://10.96.14.7:1234' is ignored", 52) == 0,
                  "it says \"%s\"", text);
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: cannot listen on 192.0.2.1:1234", 38) == 0,
                  "it says \"%s\"", text);
    ck_assert_int_eq(process_wait(&server), 1);
}
END_TEST

START_TEST(a_module_whose_name_is_too_long_is_refused)
{
    static char name[5000];

    memset(name, 'x', sizeof name - 1);
    memcpy(name + sizeof name - 4, ".so", 4);
    expect_usage_error(ARGUMENTS("--handler", name), "xxx': the module's name is too long");
}
END_TEST

static void expect_no_start(const char *result, const char *why)
{
    char expected[128];

    setenv("INIT_RESULT", result, 1);
    process_run(&server, -1, ARGUMENTS("--port=0", "--handler=" MODULES "/module_fails.so"));
    process_rest(&server.err, text, sizeof text);
    snprintf(expected, sizeof expected, "lined: the handler cannot start: %s\n", why);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(process_wait(&server), 1);
}

/* Also where a module returns what is no errno. */
START_TEST(a_handler_that_cannot_start_is_status_1)
{
    expect_no_start("-13", "Permission denied");
    expect_no_start("-9999", "unknown error 9999");
    expect_no_start("9999", "unknown error 9999");
}
END_TEST

START_TEST(help_and_version_go_to_standard_output)
{
    process_run(&server, -1, ARGUMENTS("--help"));
    process_rest(&server.out, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "Usage: lined"));
    ck_assert_int_eq(process_wait(&server), 0);
    process_run(&server, -1, ARGUMENTS("--version"));
    process_rest(&server.out, text, sizeof text);
    ck_assert_str_eq(text, "lined " LINED_VERSION "\n");
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

static void expect_no_output(int out, const char *option, const char *why)
{
    char expected[128];

    process_run(&server, out, ARGUMENTS(option));
    process_rest(&server.err, text, sizeof text);
    snprintf(expected, sizeof expected, "lined: cannot write to standard output: %s\n", why);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(process_wait(&server), 1);
}

START_TEST(help_that_cannot_be_written_is_status_1)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int unwritable = open("/dev/null", O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(full, 0);
    expect_no_output(full, "--help", "No space left on device");
    expect_no_output(full, "--version", "No space left on device");
    expect_no_output(unwritable, "--help", "Bad file descriptor");
    close(full);
    close(unwritable);
}
END_TEST

START_TEST(a_port_in_use_is_status_1)
{
    char port[16];
    char expected[256];
    struct process second;

    serve();
    snprintf(port, sizeof port, "%u", server.port);
    snprintf(expected, sizeof expected,
             "lined: cannot listen on 127.0.0.1:%s: Address already in use; another process has "
             "that port, see 'ss -ltnp': end it, or choose another --port\n",
             port);
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
    expect_cannot_listen("192.0.2.1", "0",
                         "192.0.2.1:0: Cannot assign requested address; no "
                         "interface has that address, see 'ip address'");
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0) {
        expect_cannot_listen("::1", "0", "this system has no IPv6");
        return;
    }
    close(fd);
    expect_cannot_listen("fe80::1", "0",
                         "[fe80::1]:0: Invalid argument; a link-local address "
                         "needs its interface: --ip 'fe80::1%eth0', for example");
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
             "127.0.0.1:80: Permission denied; a port below %u needs root, best "
             "with --user NAME, or the capability CAP_NET_BIND_SERVICE; or choose another --port\n",
             first);
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

START_TEST(lines_are_logged_at_once)
{
    serve();
    int client = dial(server.port);

    say(client, "hello\n");
    expect_log_line("Incoming packet: \"hello\\n\""); /* while the client stays connected */
    say(client, "\x1b[2J\xff\n");
    expect_log_line("Incoming packet: <<27, 91, 50, 74, 255, 10>>");
    hang_up(client);
    expect_log_line("Client disconnected");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_reset_is_a_disconnect)
{
    serve();
    int client = dial(server.port);

    say(client, "a\nb\n");
    expect(client, "Received: a\n\nReceived: b\n\n");
    hang_up_rudely(client);
    expect_log_line("Incoming packet: \"a\\n\"");
    expect_log_line("Incoming packet: \"b\\n\"");
    expect_log_line("Client disconnected");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(other_ends_are_logged_with_reason_and_address)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    char expected[128];

    process_serve(&server, -1, ARGUMENTS("--max-line=16", "--long-line=close"));
    int client = dial(server.port);
    ck_assert_int_eq(getsockname(client, (struct sockaddr *)&address, &size), 0);
    say(client, "far too long a line\n");
    expect_eof(client);
    hang_up(client);
    snprintf(expected, sizeof expected, "Connection closed: line too long: 127.0.0.1:%u",
             ntohs(address.sin_port));
    expect_log_line(expected);
    end_by(SIGTERM, 0);
}
END_TEST

/* Sends byte after byte until the end of file, and expects why in the log. */
static void expect_closed_for(const char *option, const char *reason)
{
    static const char prefix[] = "Connection closed: ";

    process_serve(&server, -1, ARGUMENTS(option, "0.2"));
    int client = dial(server.port);
    struct pollfd readable = {.fd = client, .events = POLLIN};
    do {
        say(client, "x");
    } while (poll(&readable, 1, 10) == 0);
    expect_eof(client);
    hang_up(client);
    process_line(&server.out, text, sizeof text);
    ck_assert_msg(strncmp(text, prefix, sizeof prefix - 1) == 0 &&
                      strncmp(text + sizeof prefix - 1, reason, strlen(reason)) == 0,
                  "%s", text);
    end_by(SIGTERM, 0);
}

START_TEST(deadlines_are_logged)
{
    expect_closed_for("--line-timeout", "line timeout: 127.0.0.1:");
    expect_closed_for("--session-timeout", "session timeout: 127.0.0.1:");
}
END_TEST

START_TEST(a_client_that_never_reads_times_out)
{
    static char lines[16 * 1024 * 1024];

    memset(lines, 'x', sizeof lines);
    process_serve(&server, -1, ARGUMENTS("--send-timeout=0.2"));
    int client = dial(server.port);
    pid_t sender = fork(); /* sends while this process reads the log */
    ck_assert_int_ge(sender, 0);
    if (sender == 0) {
        say_what_it_takes(client, lines, sizeof lines);
        _exit(0);
    }
    do {
        process_line(&server.out, text, sizeof text);
    } while (strncmp(text, "Incoming packet: ", 17) == 0);
    ck_assert_msg(strncmp(text, "Connection closed: timeout: 127.0.0.1:", 38) == 0, "%s", text);
    hang_up(client);
    answer_one("next\n");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(quiet_prints_nothing)
{
    process_serve(&server, -1, ARGUMENTS("-q"));
    answer_one("hello\n");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_uint_eq(process_rest(&server.out, text, sizeof text), 0);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* It goes around what the connection gathers, and keeps its place. */
START_TEST(a_line_too_long_to_gather_is_logged_in_order)
{
    static char line[20000], logged[32 * 1024];

    process_serve(&server, -1, ARGUMENTS("--max-line", "65536"));
    memset(line, 'a', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    int client = dial(server.port);
    say(client, "one\n");
    say_bytes(client, line, sizeof line);
    say(client, "two\n");
    half_close(client);
    drink(client);
    hang_up(client);
    expect_log_line("Incoming packet: \"one\\n\"");
    process_line(&server.out, logged, sizeof logged);
    ck_assert_uint_gt(strlen(logged), 4096);
    ck_assert_int_eq(strncmp(logged, "Incoming packet: \"aaaa", 22), 0);
    expect_log_line("Incoming packet: \"two\\n\"");
    expect_log_line("Client disconnected");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(each_signal_drains)
{
    serve();
    int client = dial(server.port);
    say(client, "hello\nunfinished");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(kill(server.pid, SIGINT), 0);
    expect_eof(client);
    hang_up(client);
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: draining 1 connection; a second SIGINT or SIGTERM cuts at once");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: served 1 connections, 1 lines, 16 bytes in, 17 bytes out, "
                           "10 unfinished bytes dropped");
    ck_assert_int_eq(process_wait(&server), 0);
    serve();
    end_by(SIGTERM, 0);
    serve();
    end_by(SIGHUP, 0); /* its terminal is closed */
}
END_TEST

/* It still serves after the signal, which was ignored when it started. SIGUSR1 is taken after it,
 * for its number is higher. */
static void expect_ignored(int ignored, int end)
{
    ck_assert(signal(ignored, SIG_IGN) != SIG_ERR);
    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(kill(server.pid, ignored), 0);
    ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(text[0], '{');
    answer_one("still here\n");
    end_by(end, 0);
    ck_assert(signal(ignored, SIG_DFL) != SIG_ERR);
}

/* As nohup(1) has it, and a shell for what a script starts with &. */
START_TEST(what_is_ignored_at_the_start_stays_ignored)
{
    expect_ignored(SIGHUP, SIGTERM);
    expect_ignored(SIGINT, SIGTERM);
    expect_ignored(SIGTERM, SIGINT);
}
END_TEST

/* The line about the drain promises nothing of a signal that is ignored. */
static void expect_promise(int ignored, int first, const char *promise)
{
    ck_assert(signal(ignored, SIG_IGN) != SIG_ERR);
    process_serve(&server, -1, ARGUMENTS("-q"));
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(kill(server.pid, first), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, promise);
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
    ck_assert(signal(ignored, SIG_DFL) != SIG_ERR);
}

START_TEST(only_signals_that_are_taken_are_said_to_cut)
{
    expect_promise(SIGINT, SIGTERM, "lined: draining 1 connection; a second SIGTERM cuts at once");
    expect_promise(SIGTERM, SIGINT, "lined: draining 1 connection; a second SIGINT cuts at once");
    ck_assert(signal(SIGINT, SIG_IGN) != SIG_ERR);
    expect_promise(SIGTERM, SIGHUP, "lined: draining 1 connection");
}
END_TEST

START_TEST(statistics_can_be_ignored)
{
    ck_assert(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
    serve();
    ck_assert_int_eq(kill(server.pid, SIGUSR1), 0);
    end_by(SIGTERM, 0);
    ck_assert_ptr_eq(strchr(text, '{'), strstr(text, "{\"connections\":0,")); /* the first, and */
    ck_assert_ptr_null(strstr(strchr(text, '{') + 1, "{\"connections\""));    /* the only one */
}
END_TEST

/* A connection whose thread is stuck in a send, for the send timeout is off. */
static int get_stuck(void)
{
    static char lines[32 * 1024 * 1024];
    int client = dial_narrow(server.port, 4096);
    int flags = fcntl(client, F_GETFL);
    struct pollfd writable = {.fd = client, .events = POLLOUT};

    ck_assert_int_eq(fcntl(client, F_SETFL, flags | O_NONBLOCK), 0);
    memset(lines, '\n', sizeof lines);
    while (poll(&writable, 1, 300) == 1)
        send(client, lines, sizeof lines, MSG_NOSIGNAL);
    ck_assert_int_eq(fcntl(client, F_SETFL, flags), 0);
    return client;
}

START_TEST(past_the_drain_timeout_the_rest_is_cut)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=0.1"));
    int client = get_stuck();
    int other = get_stuck();
    end_by(SIGTERM, 3);
    ck_assert_ptr_nonnull(strstr(text, "lined: cutting 2 connections\n"));
    hang_up(client);
    hang_up(other);
}
END_TEST

/* A second signal, and more of them until it says something: one that comes at once counts as the
 * first. */
static void cut_by(int signal)
{
    struct pollfd said = {.fd = server.err.fd, .events = POLLIN};

    ck_assert_uint_eq(server.err.begin, server.err.end);
    do
        ck_assert_int_eq(kill(server.pid, signal), 0);
    while (poll(&said, 1, 10) == 0);
}

/* A client whose line the handler never comes back from. */
static int get_stuck_in_a_callback(const char *drain_timeout, const char *mode)
{
    process_serve(&server, -1,
                  ARGUMENTS("--handler=" MODULES "/module_stuck.so", drain_timeout, mode));
    int client = dial(server.port);
    say(client, "never\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "stuck");
    return client;
}

/* After the cut it ends although a callback does not, and says so; the summary comes all the same.
 */
static void expect_the_end_of_a_stuck_callback(int client)
{
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, "lined: 1 connection has not ended one second after the cut, for a "
                               "callback or a task of the handler does not return; ending without\n"
                               "lined: served 1 connections, ") != NULL,
                  "it says \"%s\"", text);
    ck_assert_ptr_nonnull(strstr(text, "\n{\"connections\":1,\"connected\":1,"));
    ck_assert_int_eq(process_wait(&server), 3);
    hang_up(client);
}

START_TEST(past_the_drain_timeout_a_stuck_callback_is_left)
{
    static const char *const modes[] = {"--mode=passive", "--mode=active"};

    for (int i = 0; i < 2; i++) {
        int client = get_stuck_in_a_callback("--drain-timeout=0.1", modes[i]);
        ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
        expect_the_end_of_a_stuck_callback(client);
    }
}
END_TEST

START_TEST(after_a_second_signal_a_stuck_callback_is_left)
{
    int client = get_stuck_in_a_callback("--drain-timeout=1000", "--mode=passive");

    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_line(&server.err, text, sizeof text); /* it drains */
    cut_by(SIGINT);
    expect_the_end_of_a_stuck_callback(client);
}
END_TEST

#ifndef IS_SANITIZED /* AddressSanitizer does not follow the unwinding of a cancelled thread */
static void expect_abort(const char *line, const char *mode)
{
    int status;

    process_serve(&server, -1, ARGUMENTS("--handler=" MODULES "/module_leaves.so", mode));
    int client = dial(server.port);
    say(client, line);
    process_rest(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: a callback has ended its thread, by pthread_exit or as one that "
                           "is cancelled: a callback must return\n");
    ck_assert_int_eq(waitpid(server.pid, &status, 0), server.pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    close(server.out.fd);
    close(server.err.fd);
    hang_up(client);
}

START_TEST(a_callback_that_ends_its_thread_aborts)
{
    expect_abort("exit\n", "--mode=passive");
    expect_abort("exit\n", "--mode=active");
    expect_abort("cancel\n", "--mode=passive");
    expect_abort("cancel\n", "--mode=active");
}
END_TEST
#endif

START_TEST(a_second_signal_cuts_at_once)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=1000"));
    int client = get_stuck();
    ck_assert_int_eq(kill(server.pid, SIGINT), 0);
    process_line(&server.err, text, sizeof text); /* it drains */
    cut_by(SIGINT);
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: cutting 1 connection");
    end_by(SIGINT, 3);
    hang_up(client);
}
END_TEST

/* timeout(1) sends its signal twice. These wait for lined side by side, so it takes them one right
 * after the other. Where it lost the processor between the two, they were two, so the best of five
 * counts. */
START_TEST(two_signals_at_once_are_one)
{
    int status = 3;

    for (int i = 0; i < 5 && status != 0; i++) {
        process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=1000"));
        int client = get_stuck();
        ck_assert_int_eq(kill(server.pid, SIGSTOP), 0);
        ck_assert_int_eq(waitpid(server.pid, NULL, WUNTRACED), server.pid);
        ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
        ck_assert_int_eq(kill(server.pid, SIGINT), 0);
        ck_assert_int_eq(kill(server.pid, SIGCONT), 0);
        process_line(&server.err, text, sizeof text); /* it drains */
        drink(client);
        hang_up(client);
        status = process_wait(&server);
    }
    ck_assert_int_eq(status, 0);
}
END_TEST

/* As a terminal closes, the shell sends one, and so may the kernel. */
START_TEST(a_second_hangup_still_drains)
{
    process_serve(&server, -1, ARGUMENTS("-q", "--send-timeout=0", "--drain-timeout=1000"));
    int client = get_stuck();
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    process_line(&server.err, text, sizeof text); /* it drains */
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    ck_assert_int_eq(kill(server.pid, SIGUSR1),
                     0); /* is taken after it, for its number is higher */
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(text[0], '{');
    drink(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* Clients that have connected and sent, but that nobody has accepted yet, are served by a drain. */
START_TEST(a_drain_serves_who_waits_to_be_accepted)
{
    enum { CLIENTS = 20 };
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(kill(server.pid, SIGSTOP), 0);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_int_eq(kill(server.pid, SIGCONT), 0);
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* CPU time of the process so far, in clock ticks. */
static unsigned long cpu_ticks(void)
{
    char path[64];
    unsigned long user = 0, system = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)server.pid);
    FILE *stat = fopen(path, "r");
    ck_assert_ptr_nonnull(stat);
    ck_assert_int_eq(
        fscanf(stat, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system),
        2);
    fclose(stat);
    return user + system;
}

/* Half a second passes in which it must not spin: under 2 % CPU. What spins does so always; but on
 * a busy machine a wake-up may cost much once, so the best of five counts. */
static void expect_rest(void)
{
    unsigned long least = ULONG_MAX;

    for (int i = 0; i < 5 && least > 1; i++) {
        unsigned long before = cpu_ticks();
        poll(NULL, 0, 500);
        unsigned long used = (cpu_ticks() - before) * 100 / (unsigned long)sysconf(_SC_CLK_TCK);
        least = used < least ? used : least;
    }
    ck_assert_uint_le(least, 1); /* hundredths of a second */
}

START_TEST(without_descriptors_clients_wait)
{
    struct rlimit limit;

    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    limit.rlim_cur = process_descriptors(&server) + 1;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    int first = dial(server.port);
    say(first, "first\n");
    expect(first, "Received: first\n\n");
    int second = dial(server.port);
    say(second, "second\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text,
                     "lined: accept: Too many open files; new connections wait until there is "
                     "room");
    expect_rest();
    say(first, "still\n"); /* nobody who is connected notices */
    expect(first, "Received: still\n\n");
    hang_up(first);
    expect(second, "Received: second\n\n");
    hang_up(second);
    kill(server.pid, SIGTERM);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Too many")); /* said once; then counted */
    ck_assert_ptr_nonnull(strstr(text, "lined: accept: "));
    ck_assert_ptr_nonnull(strstr(text, " more in the last second\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"accept_errors\":{\"emfile\":"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* When a limit is lifted by somebody else, nothing wakes the acceptor: it looks. The best of five,
 * for this machine may have others' work to do. */
START_TEST(descriptors_that_come_from_outside_are_noticed_at_once)
{
    int64_t quickest = INT64_MAX;

    for (int i = 0; i < 5; i++) {
        struct rlimit limit;
        process_serve(&server, -1, ARGUMENTS("-q"));
        ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
        limit.rlim_cur = process_descriptors(&server) + 1;
        ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
        int first = dial(server.port);
        int second = dial(server.port);
        say(second, "second\n");
        process_line(&server.err, text, sizeof text); /* too many open files */
        limit.rlim_cur = limit.rlim_max;
        int64_t began = now_us();
        ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
        expect(second, "Received: second\n\n");
        int64_t took = now_us() - began;
        quickest = took < quickest ? took : quickest;
        hang_up(first);
        hang_up(second);
        end_by(SIGTERM, 0);
    }
    ck_assert_msg(quickest <= 100000, "%lld us", (long long)quickest);
}
END_TEST

/* RLIMIT_NPROC counts all threads of a user, and binds no root. */
START_TEST(without_threads_clients_wait)
{
    struct rlimit limit;

    process_copy_lined();
    if (setresuid(OWN_USER, OWN_USER, OWN_USER) != 0) {
        suite_skip("it needs a user of its own, which only root can become (CAP_SETUID)");
        return;
    }
    process_serve(&server, -1, ARGUMENTS("-q"));
    answer_one("zero\n"); /* every thread that lined makes for itself is there */
    int first = dial(server.port);
    say(first, "first\n");
    expect(first, "Received: first\n\n");
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NPROC, NULL, &limit), 0);
    limit.rlim_cur = 1;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NPROC, &limit, NULL), 0);
    int second = dial(server.port);
    int third = dial(server.port);
    say(second, "second\n");
    say(third, "third\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: thread: Resource temporarily unavailable; new connections wait "
                           "until there is room");
    expect_rest();
    say(first, "still\n"); /* nobody who is connected notices */
    expect(first, "Received: still\n\n");
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NPROC, &limit, NULL), 0);
    expect(second, "Received: second\n\n");
    expect(third, "Received: third\n\n");
    hang_up(first);
    hang_up(second);
    hang_up(third);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Resource temporarily")); /* said once, then counted */
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* The descriptors that lined and all it starts may have. */
static void set_descriptors(rlim_t soft, rlim_t hard)
{
    const struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(the_limit_is_said_at_the_start)
{
    struct rlimit limit;

    set_descriptors(80, 200);
    serve();
    ck_assert_str_eq(server.limit, "lined: at most 136 connections at a time");
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    ck_assert_uint_eq(limit.rlim_cur, 200); /* raised */
    end_by(SIGTERM, 0);
    process_serve(&server, -1, ARGUMENTS("--max-connections=100"));
    ck_assert_str_eq(server.limit, "lined: at most 100 connections at a time");
    end_by(SIGTERM, 0);
    process_serve(&server, -1, ARGUMENTS("--max-connections=1000"));
    ck_assert_str_eq(server.limit, "lined: at most 1000 connections at a time, but RLIMIT_NOFILE "
                                   "allows about 136: raise it (ulimit -n, or LimitNOFILE= in a "
                                   "unit)");
    end_by(SIGTERM, 0);
}
END_TEST

/* As another user, for whom RLIMIT_NPROC holds, with this limit. False: it cannot be. */
static bool become_limited(rlim_t processes)
{
    const struct rlimit limit = {.rlim_cur = processes, .rlim_max = processes};

    if (setrlimit(RLIMIT_NPROC, &limit) == 0 && setresuid(OWN_USER, OWN_USER, OWN_USER) == 0 &&
        access(LINED_COMMAND, X_OK) == 0)
        return true;
    printf("skipped: needs root, and a build that others may run\n");
    return false;
}

/* lined's own threads and the user's other processes, as this one, count in RLIMIT_NPROC. */
START_TEST(as_many_are_served_as_are_announced)
{
    enum { LIMIT = 24, OWN = 6 };
    int clients[LIMIT];
    int announced = 0;

    if (!become_limited(LIMIT))
        return;
    process_serve(&server, -1, ARGUMENTS("--mode=active"));
    sscanf(server.limit, "lined: at most %d connections at a time", &announced);
    ck_assert_msg(announced > 1 && announced < LIMIT - OWN, "it says \"%s\"", server.limit);
    for (int i = 0; i < announced; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    for (int i = 0; i < announced; i++)
        expect(clients[i], "Received: hello\n\n");
    for (int i = 0; i < announced; i++)
        hang_up(clients[i]);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Resource temporarily"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* The limit is set by a shell, which has few descriptors itself. */
static void expect_no_room(const char *limit, const char *part, const char *remedy)
{
    char script[128];

    snprintf(script, sizeof script, "%s; exec \"$0\" --port=0", limit);
    process_run_command(&server, "/bin/bash", -1, ARGUMENTS("-c", script, LINED_COMMAND));
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, part) == text && strstr(text, remedy) != NULL, "it says \"%s\"",
                  text);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    ck_assert_int_eq(process_wait(&server), 1);
}

START_TEST(a_limit_under_which_it_cannot_serve_is_status_1)
{
    if (!become_limited(4))
        return;
    expect_no_room("ulimit -u 4", "lined: cannot serve: RLIMIT_NPROC leaves lined ",
                   " threads, and it needs 6 of its own and more for each connection: raise it "
                   "(ulimit -u, or LimitNPROC= in a unit)\n");
}
END_TEST

START_TEST(descriptors_with_which_it_cannot_serve_are_status_1)
{
    expect_no_room("ulimit -n 8", "lined: cannot serve: RLIMIT_NOFILE leaves lined 4 descriptors",
                   ", and it needs 4 of its own and more for each connection: raise it (ulimit -n, "
                   "or LimitNOFILE= in a unit)\n");
}
END_TEST

/* Without any option, the limit holds before descriptors run out. */
START_TEST(the_limit_comes_before_the_descriptors_end)
{
    enum { LIMIT = 136, CLIENTS = 150 };
    int clients[CLIENTS];

    set_descriptors(200, 200);
    process_serve(&server, -1, ARGUMENTS("-q"));
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    for (int i = 0; i < LIMIT; i++)
        expect(clients[i], "Received: hello\n\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: as many are connected as RLIMIT_NOFILE allows; others get what "
                           "--overflow says");
    for (int i = 0; i < LIMIT; i++)
        hang_up(clients[i]);
    for (int i = LIMIT; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "Too many"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

START_TEST(clients_can_be_turned_away)
{
    setenv("LINED_OVERFLOW", "reject", 1);
    setenv("LINED_MAX_CONNECTIONS", "1", 1);
    process_serve(&server, -1, ARGUMENTS("-q"));
    int first = dial(server.port);
    say(first, "first\n");
    expect(first, "Received: first\n\n");
    size_t threads = process_threads(&server);
    int second = dial(server.port);
    expect(second, "Server busy\n");
    ck_assert_uint_eq(process_threads(&server), threads);
    expect_eof(second);
    hang_up(second);
    hang_up(first);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "lined: as many are connected as LINED_MAX_CONNECTIONS "
                                       "allows; others get what --overflow says\n"));
    ck_assert_ptr_nonnull(strstr(text, "\"rejected\":1,"));
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* However many stay who were turned away, they hold a few descriptors only, and where there are
 * fewer than that, none that somebody else needs. */
START_TEST(who_is_turned_away_holds_few_descriptors)
{
    enum { CLIENTS = 100, PLACES = 32 };
    struct rlimit limit;
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q", "--max-connections=1", "--overflow=reject"));
    int first = dial(server.port);
    say(first, "first\n");
    expect(first, "Received: first\n\n");
    size_t descriptors = process_descriptors(&server);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        expect(clients[i], "Server busy\n");
        expect_eof(clients[i]);
    }
    /* The last one hears its end just before the oldest is closed. */
    struct pollfd nothing = {.fd = -1};
    for (int i = 0; i < 10000 && process_descriptors(&server) > descriptors + PLACES; i++)
        poll(&nothing, 1, 1); /* another process's descriptors cannot be waited for */
    ck_assert_uint_le(process_descriptors(&server), descriptors + PLACES);
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    limit.rlim_cur = descriptors + 4;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    int64_t began = now_us();
    for (int i = 0; i < CLIENTS; i++) {
        hang_up(clients[i]);
        clients[i] = dial(server.port);
        expect(clients[i], "Server busy\n");
        expect_eof(clients[i]);
    }
    ck_assert_int_lt(now_us() - began, 10000000); /* 25 times their patience would be more */
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    hang_up(first);
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(without_descriptors_a_drain_serves_who_waits)
{
    enum { CLIENTS = 5 };
    struct rlimit limit;
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q"));
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, NULL, &limit), 0);
    limit.rlim_cur = process_descriptors(&server) + 1;
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    int first = dial_narrow(server.port, 4096);
    static char lines[30000];
    memset(lines, '\n', sizeof lines);
    say_bytes(first, lines, sizeof lines); /* its replies are more than it takes: it lingers */
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
    }
    process_line(&server.err, text, sizeof text); /* too many open files */
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    ck_assert_uint_eq(drink(first), sizeof lines * 12);
    hang_up(first);
    for (int i = 0; i < CLIENTS; i++) {
        expect(clients[i], "Received: hello\n\n");
        hang_up(clients[i]);
    }
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* Standard error is a pipe that nobody reads, and it is full. */
START_TEST(a_full_standard_error_stops_nothing)
{
    char path[64];

    process_serve(&server, -1, ARGUMENTS("-q"));
    snprintf(path, sizeof path, "/proc/%d/fd/2", (int)server.pid);
    int standard_error = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(standard_error, 0);
    while (write(standard_error, text, 1) == 1)
        continue;
    close(standard_error);
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0); /* it would say that it drains a connection */
    expect_eof(client);
    hang_up(client);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

START_TEST(a_full_standard_output_does_not_stop_serving)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(full, 0);
    process_serve(&server, full, NO_ARGUMENTS);
    close(full);
    answer_one("one\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: standard output: No space left on device; the packet log is "
                           "tried again, serving goes on");
    for (int i = 0; i < 100; i++)
        answer_one("more\n");
    kill(server.pid, SIGTERM);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_null(strstr(text, "No space")); /* said once */
    ck_assert_ptr_nonnull(strstr(text, "lined: standard output has failed; the packet log lacks "
                                       "202 lines\n")); /* the ends too */
    ck_assert_ptr_nonnull(strstr(text, "lined: served 101 connections"));
    ck_assert_int_eq(process_wait(&server), 3);
}
END_TEST

/* The kernel sends SIGXFSZ there, as it sends SIGPIPE for a pipe. */
START_TEST(a_file_at_its_limit_does_not_stop_serving)
{
    const struct rlimit limit = {.rlim_cur = 1, .rlim_max = RLIM_INFINITY};
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    process_serve(&server, fileno(file), NO_ARGUMENTS);
    ck_assert_int_eq(prlimit(server.pid, RLIMIT_FSIZE, &limit, NULL), 0);
    answer_one("one\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: standard output: File too large; the packet log is tried "
                           "again, serving goes on");
    answer_one("two\n");
    end_by(SIGTERM, 3);
    fclose(file);
}
END_TEST

/* A disk of 16 pages, which is this test's alone, in an empty folder. False: this system allows
 * none. */
static bool mount_disk(const char *folder)
{
    char size[32];

    snprintf(size, sizeof size, "size=%ld", 16 * sysconf(_SC_PAGESIZE));
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", folder, "tmpfs", 0, size) == 0;
}

static void fill_disk(int fd)
{
    static const char zeros[1024];

    while (write(fd, zeros, sizeof zeros) > 0)
        continue;
}

/* The line that was torn is completed, and none is missing. */
static void expect_whole_log(int fd, int lines)
{
    char expected[64];
    FILE *log = fdopen(fd, "r");

    ck_assert_ptr_nonnull(log);
    rewind(log);
    for (int i = 0; i < lines; i++) {
        snprintf(expected, sizeof expected, "Incoming packet: \"line %d\\n\"\n", i);
        ck_assert_ptr_nonnull(fgets(text, sizeof text, log));
        ck_assert_str_eq(text, expected);
    }
    ck_assert_ptr_nonnull(fgets(text, sizeof text, log));
    ck_assert_str_eq(text, "Client disconnected\n");
    ck_assert_ptr_null(fgets(text, sizeof text, log));
    fclose(log);
}

START_TEST(a_disk_that_was_full_has_the_whole_log)
{
    char folder[] = "/tmp/lined-disk-XXXXXX";
    char file[64];
    struct pollfd said;
    int lines = 0;

    ck_assert_ptr_nonnull(mkdtemp(folder));
    if (!mount_disk(folder)) {
        rmdir(folder);
        printf("skipped: this needs a mount namespace\n");
        return;
    }
    snprintf(file, sizeof file, "%s/log", folder);
    int log = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    snprintf(file, sizeof file, "%s/other", folder);
    int other = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert(log >= 0 && other >= 0);
    fill_disk(other);
    off_t page = (off_t)sysconf(_SC_PAGESIZE);
    ck_assert_int_eq(ftruncate(other, lseek(other, 0, SEEK_END) - page), 0);
    process_serve(&server, log, NO_ARGUMENTS);
    said = (struct pollfd){.fd = server.err.fd, .events = POLLIN};
    int client = dial(server.port);
    while (poll(&said, 1, 0) == 0) {
        char line[32];
        char reply[64];
        snprintf(line, sizeof line, "line %d\n", lines++);
        snprintf(reply, sizeof reply, "Received: %s\n", line);
        say(client, line);
        expect(client, reply);
    }
    ck_assert_int_eq(lseek(log, 0, SEEK_END), page); /* which tears a line */
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "No space left on device"));
    ck_assert_int_eq(ftruncate(other, 0), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: standard output takes the packet log again after ", 56) ==
                      0,
                  "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "; lines lost: 0"));
    hang_up(client);
    end_by(SIGTERM, 0);
    expect_whole_log(log, lines);
    close(other);
    ck_assert_int_eq(umount(folder), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(a_closed_pipe_does_not_stop_serving)
{
    serve();
    close(server.out.fd);
    server.out.fd = -1;
    answer_one("one\n");
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: standard output: Broken pipe", 35) == 0, "%s", text);
    answer_one("two\n");
    end_by(SIGTERM, 3);
}
END_TEST

/* A mount namespace of its own, with nothing in /dev. False: this system does not allow it. */
static bool empty_dev(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/dev", "tmpfs", 0, NULL) == 0;
}

/* lined started by a shell with descriptors closed. Its port is in a file of standard error. */
static void expect_no_sockets_for_closed_descriptors(void)
{
    int ends[2];
    struct process shell = {.out.fd = -1};

    ck_assert_int_eq(pipe(ends), 0);
    shell.pid = fork();
    ck_assert_int_ge(shell.pid, 0);
    if (shell.pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        execl(LINED_COMMAND, "lined", "--port=0", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    shell.err.fd = ends[0];
    server = shell;
    process_line(&server.err, text, sizeof text);
    server.port = (uint16_t)strtoul(strrchr(text, ':') + 1, NULL, 10);
    process_line(&server.err, text, sizeof text); /* the sandbox */
    process_line(&server.err, text, sizeof text); /* how many connections it takes */
    answer_one("hello\n");                        /* no log line may come to the client */
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: standard output: Bad file descriptor", 43) == 0, "%s",
                  text);
    answer_one("again\n");
    end_by(SIGTERM, 3);
}

START_TEST(closed_standard_descriptors_do_not_become_sockets)
{
    expect_no_sockets_for_closed_descriptors();
}
END_TEST

START_TEST(closed_standard_descriptors_need_no_devices)
{
    if (!empty_dev()) {
        printf("skipped: this needs a mount namespace\n");
        return;
    }
    expect_no_sockets_for_closed_descriptors();
}
END_TEST

/* A lined whose log nobody reads, and which holds up its client because the log is full. */
static int serve_with_a_stuck_log(const char *drain_timeout, int ends[2])
{
    static char lines[64 * 1024];
    size_t said = 0;

    memset(lines, '\n', sizeof lines);
    ck_assert_int_eq(pipe(ends), 0);
    process_serve(&server, ends[1], ARGUMENTS(drain_timeout));
    close(ends[1]);
    int client = dial(server.port);
    ck_assert_int_eq(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    struct pollfd ready = {.fd = client, .events = POLLIN | POLLOUT};
    while (poll(&ready, 1, 300) == 1) {
        if (ready.revents & POLLOUT) {
            ssize_t n = send(client, lines, sizeof lines, MSG_NOSIGNAL);
            said += n > 0 ? (size_t)n : 0;
        }
        if (ready.revents & POLLIN)
            ck_assert_int_gt(recv(client, text, sizeof text, 0), 0);
    }
    ck_assert_uint_gt(said, 0);
    return client;
}

static void expect_stall(void)
{
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text,
                     "lined: standard output is not read fast enough: clients have waited for "
                     "the packet log for a second; --log-overflow drop would leave lines out "
                     "instead");
}

/* That clients wait for the log's reader is said, and how long it has taken. */
START_TEST(a_stuck_standard_output_is_said)
{
    int ends[2];
    int client = serve_with_a_stuck_log("--drain-timeout=5", ends);
    struct pollfd ready[] = {{.fd = server.err.fd, .events = POLLIN},
                             {.fd = ends[0], .events = POLLIN}};
    unsigned seconds;
    unsigned tenths;

    expect_stall();
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    do { /* it is read until that is said */
        ck_assert_int_gt(poll(ready, 2, 30000), 0);
        ck_assert_int_ne(read(ends[0], text, sizeof text), 0);
    } while (ready[0].revents == 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(sscanf(text,
                            "lined: standard output is read again: clients have waited for the "
                            "packet log for %u.%u seconds",
                            &seconds, &tenths),
                     2);
    ck_assert_uint_ge(seconds, 1);
    close(ends[0]);
    hang_up(client);
    end_by(SIGTERM, 3); /* the log has no reader any more */
}
END_TEST

START_TEST(a_stuck_standard_output_does_not_stop_a_stop)
{
    int ends[2];
    int client = serve_with_a_stuck_log("--drain-timeout=0.1", ends);

    end_by(SIGTERM, 3);
    hang_up(client);
    close(ends[0]);
}
END_TEST

START_TEST(a_second_signal_cuts_a_stuck_log_too)
{
    int ends[2];
    int client = serve_with_a_stuck_log("--drain-timeout=1000", ends);

    expect_stall();
    ck_assert_int_eq(kill(server.pid, SIGINT), 0);
    process_line(&server.err, text, sizeof text); /* it drains */
    cut_by(SIGINT);
    end_by(SIGINT, 3);
    hang_up(client);
    close(ends[0]);
}
END_TEST

/* Both outputs are one socket, which keeps each write apart: it is whole lines, so that no message
 * comes amid a line, and no more of them than a pipe keeps in one piece. */
START_TEST(messages_do_not_come_amid_log_lines)
{
    enum { LINES = 30000 };
    static char lines[LINES * 6 + 1];
    struct process shared = {.out.fd = -1};
    int ends[2];
    ssize_t size;
    int seen = 0;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    shared.pid = fork();
    ck_assert_int_ge(shared.pid, 0);
    if (shared.pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execl(LINED_COMMAND, "lined", "--port=0", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    shared.err.fd = ends[0];
    server = shared;
    size = recv(ends[0], text, sizeof text - 1, 0);
    ck_assert_int_gt(size, 0);
    text[size] = '\0';
    server.port = (uint16_t)strtoul(strrchr(text, ':') + 1, NULL, 10);
    int client = dial(server.port);
    pid_t sender = fork(); /* it talks while this process reads the log */
    ck_assert_int_ge(sender, 0);
    if (sender == 0) {
        for (int i = 0; i < LINES; i++)
            memcpy(lines + i * 6, "hello\n", 6);
        if (fork() == 0)
            drink(client);
        else
            say_bytes(client, lines, LINES * 6), half_close(client);
        _exit(0);
    }
    hang_up(client);
    while (seen < LINES + 1) {
        size = recv(ends[0], text, sizeof text - 1, 0);
        ck_assert_int_gt(size, 0);
        text[size] = '\0';
        ck_assert_int_le(size, PIPE_BUF);
        ck_assert_int_eq(text[size - 1], '\n');
        for (const char *at = text; at < text + size; at += strcspn(at, "\n") + 1)
            seen += strncmp(at, "Incoming", 8) == 0 || strncmp(at, "Client", 6) == 0;
    }
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    drink(ends[0]);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* Many connections log at once: no line is torn, and each connection's lines keep their order. */
START_TEST(log_lines_are_whole_and_in_order)
{
    enum { CLIENTS = 20, LINES = 2000 };
    static char lines[LINES * 32];
    int next[CLIENTS] = {0};
    int clients[CLIENTS];

    serve();
    for (int c = 0; c < CLIENTS; c++) {
        pid_t pid;
        size_t size = 0;
        for (int i = 0; i < LINES; i++)
            size += (size_t)sprintf(lines + size, "client %d line %d\n", c, i);
        clients[c] = dial(server.port);
        pid = fork(); /* they talk while this process reads the log */
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            if (fork() == 0)
                drink(clients[c]);
            else
                say_bytes(clients[c], lines, size), half_close(clients[c]);
            _exit(0);
        }
        hang_up(clients[c]);
    }
    for (int seen = 0, gone = 0; seen < CLIENTS * LINES || gone < CLIENTS;) {
        int c, i, end = 0;
        process_line(&server.out, text, sizeof text);
        if (strcmp(text, "Client disconnected") == 0) {
            gone++;
            continue;
        }
        sscanf(text, "Incoming packet: \"client %d line %d\\n\"%n", &c, &i, &end);
        ck_assert_msg(end > 0 && text[end] == '\0', "torn: %s", text);
        ck_assert_int_eq(i, next[c]);
        next[c]++;
        seen++;
    }
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(threads_and_descriptors_come_back)
{
    enum { CLIENTS = 100 };
    int clients[CLIENTS];

    process_serve(&server, -1, ARGUMENTS("-q"));
    answer_one("first\n");
    size_t descriptors = process_descriptors(&server);
    size_t threads = process_threads(&server);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = dial(server.port);
    for (int i = 0; i < CLIENTS; i++) {
        say(clients[i], "hello\n");
        expect(clients[i], "Received: hello\n\n");
    }
    ck_assert_uint_ge(process_descriptors(&server), CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    struct pollfd nothing = {.fd = -1};
    for (int i = 0; i < 10000 && (process_threads(&server) > threads ||
                                  process_descriptors(&server) > descriptors);
         i++)
        poll(&nothing, 1, 1); /* another process's threads cannot be waited for */
    ck_assert_uint_le(process_threads(&server), threads);
    ck_assert_uint_le(process_descriptors(&server), descriptors);
    end_by(SIGTERM, 0);
}
END_TEST

int main(void)
{
    static const int users_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    const TTest *const tests[] = {
        bad_input_is_one_line_and_status_2,
        bad_input_is_named_by_its_variable,
        a_service_of_its_name_is_warned_of,
        a_module_whose_name_is_too_long_is_refused,
        a_handler_that_cannot_start_is_status_1,
        help_and_version_go_to_standard_output,
        help_that_cannot_be_written_is_status_1,
        a_port_in_use_is_status_1,
        an_address_that_cannot_be_had_is_status_1,
        a_port_that_needs_privileges_is_status_1,
        ipv6_stands_in_brackets,
        a_link_local_address_has_a_scope,
        lines_are_logged_at_once,
        a_reset_is_a_disconnect,
        other_ends_are_logged_with_reason_and_address,
        deadlines_are_logged,
        a_client_that_never_reads_times_out,
        quiet_prints_nothing,
        a_line_too_long_to_gather_is_logged_in_order,
        each_signal_drains,
        what_is_ignored_at_the_start_stays_ignored,
        only_signals_that_are_taken_are_said_to_cut,
        statistics_can_be_ignored,
        past_the_drain_timeout_the_rest_is_cut,
        past_the_drain_timeout_a_stuck_callback_is_left,
        after_a_second_signal_a_stuck_callback_is_left,
#ifndef IS_SANITIZED
        a_callback_that_ends_its_thread_aborts,
#endif
        a_second_signal_cuts_at_once,
        two_signals_at_once_are_one,
        a_second_hangup_still_drains,
        a_drain_serves_who_waits_to_be_accepted,
        without_descriptors_clients_wait,
        descriptors_that_come_from_outside_are_noticed_at_once,
        without_threads_clients_wait,
        the_limit_is_said_at_the_start,
        the_limit_comes_before_the_descriptors_end,
        as_many_are_served_as_are_announced,
        a_limit_under_which_it_cannot_serve_is_status_1,
        descriptors_with_which_it_cannot_serve_are_status_1,
        clients_can_be_turned_away,
        who_is_turned_away_holds_few_descriptors,
        without_descriptors_a_drain_serves_who_waits,
        a_full_standard_error_stops_nothing,
        a_full_standard_output_does_not_stop_serving,
        a_file_at_its_limit_does_not_stop_serving,
        a_disk_that_was_full_has_the_whole_log,
        a_closed_pipe_does_not_stop_serving,
        closed_standard_descriptors_do_not_become_sockets,
        closed_standard_descriptors_need_no_devices,
        a_stuck_standard_output_is_said,
        a_stuck_standard_output_does_not_stop_a_stop,
        a_second_signal_cuts_a_stuck_log_too,
        messages_do_not_come_amid_log_lines,
        log_lines_are_whole_and_in_order,
        threads_and_descriptors_come_back,
    };
    /* The tests may run under nohup(1), or in the background. */
    for (size_t i = 0; i < sizeof users_signals / sizeof users_signals[0]; i++)
        signal(users_signals[i], SIG_DFL);
    return suite_run("command", tests, sizeof tests / sizeof tests[0]);
}
