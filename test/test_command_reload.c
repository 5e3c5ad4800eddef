/* --config in a process, and SIGHUP, which reads it again. */
#include "await.h"
#include "command.h"
#include "dial.h"
#include "folder.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void serve_with(const char *config)
{
    folder_make();
    folder_write("conf", config);
    process_serve(&server, -1, ARGUMENTS("--config", folder_path("conf")));
}

/* The message that has the part comes next. */
static void expect_message(const char *part)
{
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, part) != NULL, "%s", text);
}

static void reload_with(const char *config)
{
    folder_write("conf", config);
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
}

START_TEST(values_change_without_losing_a_connection)
{
    serve_with("LINED_LOG_LINES=no\n");
    int old = dial(server.port);
    say(old, "one\n");
    expect(old, "Received: one\n\n");
    reload_with("LINED_IDLE_TIMEOUT=0.05\nLINED_LOG_PEER=yes\n");
    expect_message("read the configuration");
    int new = dial(server.port);
    expect_eof(new);
    hang_up(new);
    process_line(&server.out, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "Z 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(text, "Connection closed: idle timeout"));
    say(old, "two\n");
    expect(old, "Received: two\n\n");
    process_line(&server.out, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, " Incoming packet: \"two\\n\""));
    hang_up(old);
    end_by(SIGTERM, 0);
    folder_remove();
}
END_TEST

START_TEST(a_wrong_file_changes_nothing)
{
    serve_with("LINED_MAX_PER_IP=1\n");
    reload_with("LINED_MAX_PER_IP=2\nLINED_QUIET='no'\n");
    expect_message("conf:2:13: quotes");
    reload_with("LINED_MAX_PER_IP=two\n");
    expect_message("conf:1: LINED_MAX_PER_IP 'two': must be");
    int first = dial(server.port);
    say(first, "x\n");
    expect(first, "Received: x\n\n");
    int second = dial(server.port);
    expect(second, "Too many connections from your address\n");
    hang_up(second);
    hang_up(first);
    end_by(SIGTERM, 0);
    folder_remove();
}
END_TEST

START_TEST(fixed_settings_need_a_restart)
{
    serve_with("LINED_MAX_LINE=100\n");
    reload_with("LINED_MAX_LINE=200\nLINED_BACKLOG=5\n");
    expect_message("LINED_MAX_LINE has changed in ");
    ck_assert_ptr_nonnull(strstr(text, "a restart is needed"));
    expect_message("LINED_BACKLOG has changed in ");
    expect_message("read the configuration");
    end_by(SIGTERM, 0);
    folder_remove();
}
END_TEST

static void expect_check(const char *config, int status, const char *part)
{
    folder_write("conf", config);
    process_run(&server, -1, ARGUMENTS("--check-config", "--config", folder_path("conf")));
    process_rest(&server.err, text, sizeof text);
    ck_assert_msg(strstr(text, part) != NULL, "%s", text);
    ck_assert_msg((*part == '\0') == (*text == '\0'), "%s", text);
    ck_assert_int_eq(process_wait(&server), status);
}

START_TEST(a_configuration_can_be_checked)
{
    folder_make();
    expect_check("# all is right\nLINED_PORT=1\n", 0, "");
    expect_check("LINED_PROT=1\n", 0, "did you mean LINED_PORT?");
    expect_check("LINED_PORT=\"1\"\n", 2, "conf:1:12: quotes");
    expect_check("LINED_PORT=x\n", 2, "conf:1: LINED_PORT 'x': must be a number");
    expect_check("LINED_HANDLER=nothing\n", 2, "LINED_HANDLER 'nothing'");
    process_run(&server, -1, ARGUMENTS("--check-config", "--config=/nowhere/conf"));
    expect_message("cannot read the configuration '/nowhere/conf': No such file or directory");
    ck_assert_int_eq(process_wait(&server), 2);
    folder_remove();
}
END_TEST

enum { CLIENTS = 64, LINES = 200, RELOADS = 50 };

static void *talk(void *unused)
{
    int client = dial(server.port);

    for (int i = 0; i < LINES; i++) {
        say(client, "hello\n");
        expect(client, "Received: hello\n\n");
    }
    half_close(client);
    expect_eof(client);
    hang_up(client);
    return unused;
}

/* Each client gets each reply, and the statistics have each line once. */
START_TEST(nothing_is_lost_under_load)
{
    pthread_t clients[CLIENTS];
    char config[256];

    serve_with("LINED_LOG_FILE=/dev/null\nLINED_IDLE_TIMEOUT=60\n");
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_create(&clients[i], NULL, talk, NULL), 0);
    for (int i = 0; i < RELOADS; i++) {
        snprintf(config, sizeof config,
                 "LINED_LOG_FILE=/dev/null\nLINED_IDLE_TIMEOUT=%d\nLINED_MAX_CONNECTIONS=%d\n"
                 "LINED_MAX_PER_IP=%d\nLINED_LOG_FORMAT=%s\n",
                 60 + i, i % 2 == 0 ? 100 : 16, i % 3 == 0 ? 0 : 1000,
                 i % 2 == 0 ? "json" : "inspect");
        reload_with(config);
        do
            process_line(&server.err, text, sizeof text);
        while (strstr(text, "read the configuration") == NULL);
    }
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(pthread_join(clients[i], NULL), 0);
    ck_assert_int_eq(kill(server.pid, SIGTERM), 0);
    process_rest(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "served 64 connections, 12800 lines, 76800 bytes in"));
    ck_assert_ptr_nonnull(strstr(text, "\"rejected\":0,"));
    ck_assert_ptr_nonnull(strstr(text, "\"connections_cut\":0,"));
    ck_assert_int_eq(process_wait(&server), 0);
    folder_remove();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        values_change_without_losing_a_connection,
        a_wrong_file_changes_nothing,
        fixed_settings_need_a_restart,
        a_configuration_can_be_checked,
        nothing_is_lost_under_load,
    };
    return command_run("command_reload", tests, sizeof tests / sizeof tests[0]);
}
