/* The admin listener of the command: HTTP, commands, and clients that mean no good. */
#include "await.h"
#include "command.h"
#include "dial.h"
#include "process.h"
#include "suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ADMIN_MAX = 16 };

static uint16_t admin_port;
static char folder[sizeof "/tmp/lined-admin-XXXXXX"];
static char path[64]; /* of the admin listener's Unix socket */
static char answer[128 * 1024];

/* Reads the line that says where the admin listener is. */
static const char *read_admin_place(void)
{
    static char line[256];

    process_line(&server.err, line, sizeof line);
    ck_assert_msg(strncmp(line, "lined: admin listener on ", 25) == 0, "it says \"%s\"", line);
    return line + 25;
}

static void serve_admin_with(const char *const arguments[])
{
    process_serve(&server, -1, arguments);
    admin_port = (uint16_t)strtoul(strrchr(read_admin_place(), ':') + 1, NULL, 10);
}

#define SERVE_ADMIN(...) serve_admin_with(ARGUMENTS("--quiet", __VA_ARGS__))

static void serve_unix(void)
{
    char argument[96];

    strcpy(folder, "/tmp/lined-admin-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    snprintf(argument, sizeof argument, "--admin=unix:%s,mode=0600", path);
    process_serve(&server, -1, ARGUMENTS("--quiet", argument));
    ck_assert_str_eq(read_admin_place() + 5, path);
}

/* lined has removed its socket file, unless only a sandbox without Landlock prevents that. */
static void remove_folder(void)
{
    if (strstr(server.confined, "Landlock") != NULL ||
        strstr(server.confined, "no sandbox") != NULL)
        ck_assert_int_ne(access(path, F_OK), 0);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static int dial_unix(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Sends it, and receives all to the end. Returns the status. */
static int ask_on(int fd, const char *request)
{
    say(fd, request);
    size_t size = receive_rest(fd, answer, sizeof answer - 1);
    answer[size] = '\0';
    hang_up(fd);
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : 0;
}

static int ask(const char *request)
{
    return ask_on(dial(admin_port), request);
}

static int get(const char *target)
{
    char request[128];

    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    return ask(request);
}

static void expect_in_answer(const char *words)
{
    ck_assert_msg(strstr(answer, words) != NULL, "\"%s\" lacks \"%s\"", answer, words);
}

START_TEST(each_resource_is_answered)
{
    SERVE_ADMIN("--admin=127.0.0.1:0");
    answer_one("hello\n");
    ck_assert_int_eq(get("/healthz"), 200);
    ck_assert_str_eq(strstr(answer, "\r\n\r\n") + 4, "ok\n");
    ck_assert_int_eq(get("/readyz"), 200);
    ck_assert_int_eq(get("/metrics"), 200);
    expect_in_answer("Content-Type: text/plain; version=0.0.4");
    expect_in_answer("\nlined_lines_total 1\n");
    expect_in_answer("\nlined_batch_duration_seconds_count 1\n");
    ck_assert_int_eq(get("/stats.json?x"), 200);
    expect_in_answer("\"statistics\":{\"connections\":1,");
    expect_in_answer("\"plots\":{\"connected\":{\"now\":");
    ck_assert_int_eq(get("/"), 200);
    expect_in_answer("Content-Security-Policy: default-src 'none'");
    expect_in_answer("<polyline class=curve points=");
    expect_in_answer("</html>");
    char *length = strstr(answer, "Content-Length: ") + 16;
    ck_assert_uint_eq(strtoul(length, NULL, 10), strlen(strstr(answer, "\r\n\r\n") + 4));
    ck_assert_int_eq(get("/nothing"), 404);
    ck_assert_int_eq(ask("HEAD / HTTP/1.0\r\n\r\n"), 200);
    expect_in_answer("Content-Length: 1");
    ck_assert_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    end_by(SIGTERM, 0);
}
END_TEST

/* How many points the plot of connections has. */
static size_t plot_points(void)
{
    size_t points = 0;

    ck_assert_int_eq(get("/stats.json"), 200);
    const char *plot = strstr(answer, "\"plots\":{\"connected\":");
    ck_assert_ptr_nonnull(plot);
    for (const char *at = strstr(plot, "\"points\":\"") + 10; *at != '"'; at++)
        points += *at == ',';
    return points;
}

/* Five clients that have left before the page is opened are in its plot: the scale is for them. */
START_TEST(the_plots_show_what_was_before_the_page)
{
    enum { CLIENTS = 5 };
    int clients[CLIENTS];

    SERVE_ADMIN("--admin=127.0.0.1:0");
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial(server.port);
        say(clients[i], "hello\n");
        expect(clients[i], "Received: hello\n\n");
    }
    size_t before = plot_points();
    AWAIT(plot_points() >= before + 2);
    for (int i = 0; i < CLIENTS; i++)
        hang_up(clients[i]);
    AWAIT(get("/") == 200 && strstr(answer, "<b id=now-connected>0</b>") != NULL);
    expect_in_answer(" text-anchor=end>10</text>");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_nonce_is_used_once)
{
    char nonce[64];

    SERVE_ADMIN("--admin=127.0.0.1:0");
    ck_assert_int_eq(get("/"), 200);
    snprintf(nonce, sizeof nonce, "%.40s", strstr(answer, "'nonce-"));
    ck_assert_int_eq(get("/"), 200);
    ck_assert_ptr_null(strstr(answer, nonce));
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_health_check_succeeds_at_the_limits)
{
    SERVE_ADMIN("--admin=127.0.0.1:0", "--max-connections=1", "--max-per-ip=1");
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    int waiting = dial(server.port); /* in the backlog */
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(get("/healthz"), 200);
        ck_assert_int_eq(get("/readyz"), 200);
    }
    ck_assert_int_eq(get("/metrics"), 200);
    expect_in_answer("\nlined_connections 1\n");
    expect_in_answer("\nlined_connections_limit 1\n");
    hang_up(waiting);
    hang_up(client);
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_rejected_client_does_not_concern_the_admin_listener)
{
    SERVE_ADMIN("--admin=127.0.0.1:0", "--max-per-ip=1");
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    int second = dial(server.port);
    expect(second, "Too many connections from your address\n");
    ck_assert_int_eq(get("/healthz"), 200);
    ck_assert_int_eq(get("/metrics"), 200);
    expect_in_answer("\nlined_clients_rejected_total{cause=\"per_ip\"} 1\n");
    hang_up(second);
    hang_up(client);
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_full_admin_listener_rejects)
{
    int clients[ADMIN_MAX];
    int status;

    SERVE_ADMIN("--admin=127.0.0.1:0");
    for (int i = 0; i < ADMIN_MAX; i++)
        clients[i] = dial(admin_port);
    do { /* until all are accepted; they are gone after 5 seconds */
        int fd = dial(admin_port);
        size_t size = receive_rest(fd, answer, sizeof answer - 1);
        answer[size] = '\0';
        hang_up(fd);
        status = size > 9 ? atoi(answer + 9) : 0;
    } while (status != 503);
    answer_one("the server is not concerned\n");
    for (int i = 0; i < ADMIN_MAX; i++)
        hang_up(clients[i]);
    do /* until they have ended */
        status = get("/healthz");
    while (status == 503);
    ck_assert_int_eq(status, 200);
    end_by(SIGTERM, 0);
}
END_TEST

/* One that says nothing more, and one that sends a byte each half second. */
START_TEST(a_slow_client_is_closed)
{
    char byte;
    int sent = 0;

    SERVE_ADMIN("--admin=127.0.0.1:0");
    int silent = dial(admin_port);
    int slow = dial(admin_port);
    struct pollfd ended = {.fd = slow, .events = POLLIN};
    say(silent, "GET / HTTP/1.1\r\nA");
    say(slow, "GET / HTTP/1.1\r\nA: ");
    while (poll(&ended, 1, 500) == 0) {
        ck_assert_int_lt(sent++, 60);
        say(slow, "x");
    }
    ck_assert_int_eq(recv(slow, &byte, 1, 0), 0);
    expect_eof(silent);
    hang_up(slow);
    hang_up(silent);
    ck_assert_int_eq(get("/healthz"), 200);
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(bad_requests_are_answered_and_closed)
{
    static char huge[100000];

    SERVE_ADMIN("--admin=127.0.0.1:0");
    ck_assert_int_eq(ask("POST /drain HTTP/1.1\r\nContent-Length: 6\r\n\r\ndrain\n"), 405);
    expect_in_answer("Allow: GET, HEAD");
    ck_assert_int_eq(ask("what is this\r\n\r\n"), 400);
    ck_assert_int_eq(ask("GET / HTTP/1.1\r\n\x01: x\r\n\r\n"), 400);
    ck_assert_int_eq(ask("GET /healthz HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n\x16garbage\n"),
                     200);
    ck_assert_ptr_null(strstr(answer, "lined_lines_total"));
    memset(huge, 'x', sizeof huge - 1);
    memcpy(huge, "GET /", 5);
    ck_assert_int_eq(ask(huge), 431);
    memcpy(huge, "GET / HTTP/1.1\r\nA: ", 19);
    ck_assert_int_eq(ask(huge), 431);
    int fd = dial(admin_port);
    say_bytes(fd, "GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24);
    ck_assert_int_eq(ask_on(fd, ""), 400);
    fd = dial(admin_port); /* the half of a request */
    say(fd, "GET / HT");
    half_close(fd);
    expect_eof(fd);
    hang_up(fd);
    ck_assert_int_eq(get("/readyz"), 200);
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(commands_are_for_unix_sockets_only)
{
    static const char *const commands[] = {"stats\n", "drain\n", "quit\n", "\ndrain\n",
                                           "x\ndrain\n"};

    SERVE_ADMIN("--admin=127.0.0.1:0");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        ck_assert_int_eq(ask(commands[i]), 400);
    ck_assert_int_eq(get("/readyz"), 200);
    answer_one("still here\n");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_unix_socket_takes_commands)
{
    serve_unix();
    int fd = dial_unix();
    say(fd, "stats\r\n");
    expect(fd, "{\"connections\":0,");
    hang_up(fd);
    fd = dial_unix();
    say(fd, "quit\n");
    expect_eof(fd);
    hang_up(fd);
    ck_assert_int_eq(ask_on(dial_unix(), "shutdown\nstats\n"), 0);
    ck_assert_str_eq(answer, "unknown command: must be stats, drain or quit\n");
    ck_assert_int_eq(ask_on(dial_unix(), "GET /healthz HTTP/1.1\r\n\r\n"), 200);
    end_by(SIGTERM, 0);
    remove_folder();
}
END_TEST

/* As a web page could make a browser send it, if a browser could reach a Unix socket. */
START_TEST(no_command_follows_a_request)
{
    static const struct {
        const char *request;
        int status;
    } examples[] = {
        {"GET /readyz HTTP/1.1\r\n\r\ndrain\n", 200},
        {"GET /readyz HTTP/1.1\r\ndrain\r\n\r\ndrain\n", 400},
        {"POST / HTTP/1.1\r\nContent-Type: text/plain\r\n\r\ndrain\ndrain\n", 405},
        {"PUT /x HTTP/1.1\r\ndrain\n", 405},
        {"GET / HTTP/9\r\ndrain\n", 400},
    };

    serve_unix();
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        ck_assert_int_eq(ask_on(dial_unix(), examples[i].request), examples[i].status);
        ck_assert_ptr_null(strstr(answer, "draining"));
    }
    ck_assert_int_eq(ask_on(dial_unix(), "GET /readyz HTTP/1.1\r\n\r\n"), 200);
    end_by(SIGTERM, 0);
    remove_folder();
}
END_TEST

START_TEST(the_command_drain_ends_lined)
{
    serve_unix();
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    int fd = dial_unix();
    say(fd, "drain\n");
    expect(fd, "draining\n");
    expect_eof(client);
    hang_up(client);
    hang_up(fd);
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: draining 1 connection", 28) == 0, "it says \"%s\"", text);
    ck_assert_int_eq(process_wait(&server), 0);
    remove_folder();
}
END_TEST

START_TEST(it_is_not_ready_while_it_drains)
{
    SERVE_ADMIN("--admin=127.0.0.1:0", "--send-timeout=0", "--drain-timeout=60");
    int stuck = get_stuck();
    ck_assert_int_eq(get("/readyz"), 200);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_line(&server.err, text, sizeof text); /* "draining 1 connection" */
    ck_assert_int_eq(get("/readyz"), 503);
    expect_in_answer("\r\n\r\ndraining\n");
    ck_assert_int_eq(get("/healthz"), 200);
    ck_assert_int_eq(get("/metrics"), 200);
    expect_in_answer("\nlined_ready 0\n");
    ck_assert_int_eq(get("/"), 200);
    expect_in_answer("<p id=state class=draining>");
    hang_up_rudely(stuck);
    process_rest(&server.err, text, sizeof text);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* A proxy sees it, and takes its clients elsewhere before the drain begins. */
START_TEST(it_is_not_ready_during_the_delay)
{
    SERVE_ADMIN("--admin=127.0.0.1:0", "--drain-delay=1000");
    ck_assert_int_eq(get("/readyz"), 200);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_line(&server.err, text, sizeof text); /* "the drain begins in ..." */
    ck_assert_int_eq(get("/readyz"), 503);
    ck_assert_int_eq(get("/healthz"), 200);
    int client = dial(server.port);
    say(client, "hello\n");
    expect(client, "Received: hello\n\n");
    half_close(client);
    expect_eof(client); /* so the cut does not find it */
    hang_up(client);
    cut_by(SIGTERM);
    process_rest(&server.err, text, sizeof text);
    ck_assert_int_eq(process_wait(&server), 0);
}
END_TEST

/* An idle client of the admin listener delays no end. */
START_TEST(its_own_clients_do_not_delay_the_end)
{
    SERVE_ADMIN("--admin=127.0.0.1:0");
    int idle = dial(admin_port);
    say(idle, "GET / HTTP/1.1\r\n");
    ck_assert_int_eq(get("/healthz"), 200);
    end_by(SIGTERM, 0);
    expect_eof(idle);
    hang_up(idle);
}
END_TEST

START_TEST(ends_and_the_oldest_are_shown)
{
    SERVE_ADMIN("--admin=127.0.0.1:0", "--mode=active");
    int oldest = dial(server.port);
    say(oldest, "one\ntwo\n");
    expect(oldest, "Received: one\n\nReceived: two\n\n");
    answer_one("another\n");
    do { /* until the other has ended, and the oldest has counted what it has sent */
        ck_assert_int_eq(get("/stats.json"), 200);
    } while (strstr(answer, "\"closed\":{\"disconnected\":1}") == NULL ||
             strstr(answer, "\"lines\":2,\"bytes_in\":8,\"bytes_out\":30}") == NULL);
    expect_in_answer("\"peer\":\"127.0.0.1:");
    ck_assert_int_eq(get("/metrics"), 200);
    expect_in_answer("{reason=\"disconnected\"} 1\n");
    hang_up(oldest);
    end_by(SIGTERM, 0);
}
END_TEST

static void expect_refused(const char *argument, int status, const char *why)
{
    process_run(&server, -1, ARGUMENTS("--port=0", argument));
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, why) != NULL, "\"%s\" lacks \"%s\"", text, why);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1); /* one line */
    ck_assert_int_eq(process_wait(&server), status);
}

START_TEST(a_bad_place_is_refused)
{
    char argument[64];
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    expect_refused("--admin=9000", 2, "--admin '9000': must be ");
    expect_refused("--admin=127.0.0.1:65536", 2, "must be an address with a port from 0 to 65535");
    expect_refused("--admin=unix:relative", 2, "must be unix: and a path that begins with a slash");
    expect_refused("--admin=fd:3", 2, "must be unix:PATH, ADDRESS:PORT or [IPV6]:PORT");
    expect_refused("--admin=", 2, "--admin '': must be ");
    expect_refused("--admin=unix:/nowhere/at/all", 1, "cannot listen on unix:/nowhere/at/all: ");
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(argument, sizeof argument, "--admin=127.0.0.1:%u", ntohs(address.sin_port));
    expect_refused(argument, 1, process_error(EADDRINUSE));
    close(fd);
}
END_TEST

/* A lined that inherits the listening socket as descriptor 3, as from a service manager. */
static void run_with_admin_socket(int listener, const char *const arguments[])
{
    char *argv[8] = {"lined"};
    int err[2];

    ck_assert_int_eq(pipe(err), 0);
    ck_assert_int_ge(fcntl(err[0], F_SETFD, FD_CLOEXEC), 0);
    for (int i = 0; arguments[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    server.pid = fork();
    ck_assert_int_ge(server.pid, 0);
    if (server.pid == 0) {
        char self[16];
        int copy = fcntl(listener, F_DUPFD_CLOEXEC, 10);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(self, sizeof self, "%d", (int)getpid());
        setenv("LISTEN_PID", self, 1);
        setenv("LISTEN_FDS", "1", 1);
        setenv("LISTEN_FDNAMES", "admin", 1);
        if (dup2(err[1], STDERR_FILENO) >= 0 && dup2(copy, 3) == 3)
            execv(LINED_COMMAND, argv);
        _exit(127);
    }
    close(err[1]);
    server.err = (struct reader){.fd = err[0]};
    server.out = (struct reader){.fd = -1};
}

START_TEST(an_inherited_socket_named_admin_is_the_admin_listener)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    admin_port = ntohs(address.sin_port);
    run_with_admin_socket(fd, ARGUMENTS("--quiet", "--port=0", "--admin=127.0.0.1:0"));
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "--admin is not possible with a socket named admin"));
    ck_assert_int_eq(process_wait(&server), 2);
    run_with_admin_socket(fd, ARGUMENTS("--quiet", "--port=0")); /* the server has its own */
    process_line(&server.err, text, sizeof text);
    server.port = (uint16_t)strtoul(strrchr(text, ':') + 1, NULL, 10);
    answer_one("hello\n");
    ck_assert_int_eq(get("/metrics"), 200);
    expect_in_answer("\nlined_lines_total 1\n");
    end_by(SIGTERM, 0);
    close(fd);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_resource_is_answered,
        the_plots_show_what_was_before_the_page,
        a_nonce_is_used_once,
        a_health_check_succeeds_at_the_limits,
        a_rejected_client_does_not_concern_the_admin_listener,
        a_full_admin_listener_rejects,
        a_slow_client_is_closed,
        bad_requests_are_answered_and_closed,
        commands_are_for_unix_sockets_only,
        a_unix_socket_takes_commands,
        no_command_follows_a_request,
        the_command_drain_ends_lined,
        it_is_not_ready_while_it_drains,
        it_is_not_ready_during_the_delay,
        its_own_clients_do_not_delay_the_end,
        ends_and_the_oldest_are_shown,
        a_bad_place_is_refused,
        an_inherited_socket_named_admin_is_the_admin_listener,
    };
    return command_run("command_admin", tests, sizeof tests / sizeof tests[0]);
}
