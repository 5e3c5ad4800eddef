/* The packet log of the command. */
#include "command.h"
#include "dial.h"
#include "process.h"

#include <arpa/inet.h>
#include <limits.h>
#include <lined.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

int main(void)
{
    const TTest *const tests[] = {
        lines_are_logged_at_once,
        a_reset_is_a_disconnect,
        other_ends_are_logged_with_reason_and_address,
        deadlines_are_logged,
        a_client_that_never_reads_times_out,
        quiet_prints_nothing,
        a_line_too_long_to_gather_is_logged_in_order,
        messages_do_not_come_amid_log_lines,
        log_lines_are_whole_and_in_order,
    };
    return command_run("command_log", tests, sizeof tests / sizeof tests[0]);
}
