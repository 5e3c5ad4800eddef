#include "command.h"

#include "dial.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct process server;
char text[65536];

void serve(void)
{
    process_serve(&server, -1, NO_ARGUMENTS);
}

void answer_one(const char *line)
{
    char reply[256];
    int client = dial(server.port);

    snprintf(reply, sizeof reply, "Received: %s\n", line);
    say(client, line);
    expect(client, reply);
    hang_up(client);
}

void expect_log_line(const char *expected)
{
    process_line(&server.out, text, sizeof text);
    ck_assert_str_eq(text, expected);
}

void end_by(int signal, int status)
{
    ck_assert_int_eq(kill(server.pid, signal), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, "lined: served ") != NULL, "it says \"%s\"", text);
    ck_assert_int_eq(process_wait(&server), status);
}

void cut_by(int signal)
{
    struct pollfd said = {.fd = server.err.fd, .events = POLLIN};

    ck_assert_uint_eq(server.err.begin, server.err.end);
    do
        ck_assert_int_eq(kill(server.pid, signal), 0);
    while (poll(&said, 1, 10) == 0);
}

int get_stuck(void)
{
    int client = dial_narrow(server.port, 4096);

    stop_reading(client);
    return client;
}

int command_run(const char *name, const TTest *const tests[], size_t count)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_DFL);
    return suite_run(name, tests, count);
}
