/* The options of kv in a process: the memory that it announces, and the password. test_kv_options.c
 * has the cases that need no process. */
#include "command.h"
#include "dial.h"
#include "folder.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect_line(const char *expected)
{
    process_line(&server.err, text, sizeof text);
    ck_assert_str_eq(text, expected);
}

START_TEST(the_memory_is_announced)
{
    process_serve(&server, -1, ARGUMENTS("-q", "-H", "kv", "--kv-maxmemory", "1536k"));
    expect_line("lined: kv stores at most 1.5 MiB (1572864 bytes)");
    end_by(SIGTERM, 0);
    process_serve(&server, -1, ARGUMENTS("-q", "-H", "kv"));
    process_line(&server.err, text, sizeof text);
    ck_assert_msg(strncmp(text, "lined: kv stores at most ", 25) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, " bytes): a quarter of "));
    end_by(SIGTERM, 0);
    ck_assert_ptr_null(strstr(text, "kv stores"));
}
END_TEST

START_TEST(other_handlers_announce_none)
{
    serve();
    end_by(SIGTERM, 0);
    ck_assert_ptr_null(strstr(text, "kv stores"));
}
END_TEST

#ifndef IS_SANITIZED /* AddressSanitizer needs terabytes of address space */

START_TEST(the_limits_of_the_process_count)
{
    const struct rlimit limit = {.rlim_cur = 160 << 20, .rlim_max = 160 << 20};

    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    process_serve(&server, -1, ARGUMENTS("-q", "-H", "kv"));
    expect_line("lined: kv stores at most 40 MiB (41943040 bytes): a quarter of RLIMIT_AS; change "
                "it with --kv-maxmemory");
    end_by(SIGTERM, 0);
    setenv("LINED_KV_MAXMEMORY", "161M", 1);
    process_serve(&server, -1, ARGUMENTS("-q", "-H", "kv"));
    expect_line("lined: kv stores at most 161 MiB (168820736 bytes), but RLIMIT_AS is only 160 "
                "MiB: lower LINED_KV_MAXMEMORY");
    end_by(SIGTERM, 0);
}
END_TEST

#endif

/* ---- the password ---- */

static void say_and_expect(int client, const char *command, const char *reply)
{
    say(client, command);
    expect(client, reply);
}

/* Only this password opens the store. */
static void expect_protected(const char *right)
{
    char auth[64];
    int client = dial(server.port);

    snprintf(auth, sizeof auth, "AUTH %s\r\n", right);
    say_and_expect(client, "GET a\r\n", "-NOAUTH Authentication required.\r\n");
    say_and_expect(client, "AUTH wrong\r\n",
                   "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    say_and_expect(client, "GET a\r\n", "-NOAUTH Authentication required.\r\n");
    say_and_expect(client, auth, "+OK\r\n");
    say_and_expect(client, "GET a\r\n", "$-1\r\n");
    hang_up(client);
}

static void write_password(const char *password, mode_t mode)
{
    folder_write("password", password);
    ck_assert_int_eq(chmod(folder_path("password"), mode), 0);
}

START_TEST(the_file_protects_the_store)
{
    folder_make();
    write_password("secret\n", 0400);
    process_serve(&server, -1,
                  ARGUMENTS("-q", "-H", "kv", "--kv-password-file", folder_path("password")));
    expect_protected("secret");
    end_by(SIGTERM, 0);
    folder_remove();
}
END_TEST

/* The file is read at the start alone, also if it is gone then. */
START_TEST(the_variable_of_the_file_protects_the_store)
{
    folder_make();
    write_password("of-the-file", 0600);
    folder_write("conf", "LINED_HANDLER=kv\n");
    setenv("LINED_KV_PASSWORD_FILE", folder_path("password"), 1);
    process_serve(&server, -1, ARGUMENTS("-q", "--config", folder_path("conf")));
    process_line(&server.err, text, sizeof text);
    ck_assert_int_eq(unlink(folder_path("password")), 0);
    expect_protected("of-the-file");
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "read the configuration"));
    expect_protected("of-the-file");
    end_by(SIGTERM, 0);
    folder_remove();
}
END_TEST

START_TEST(the_variable_protects_the_store)
{
    setenv("LINED_KV_PASSWORD", "of-the-environment", 1);
    process_serve(&server, -1, ARGUMENTS("-q", "-H", "kv"));
    expect_protected("of-the-environment");
    end_by(SIGTERM, 0);
}
END_TEST

START_TEST(a_reload_reports_that_a_restart_is_needed)
{
    folder_make();
    folder_write("conf", "LINED_HANDLER=kv\nLINED_KV_MAXMEMORY=64M\n");
    process_serve(&server, -1, ARGUMENTS("-q", "--config", folder_path("conf")));
    expect_line("lined: kv stores at most 64 MiB (67108864 bytes)");
    folder_write("conf", "LINED_HANDLER=kv\nLINED_KV_MAXMEMORY=65M\nLINED_KV_MAX_VALUE=1M\n");
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "LINED_KV_MAXMEMORY has changed in "));
    ck_assert_ptr_nonnull(strstr(text, "a restart is needed"));
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "LINED_KV_MAX_VALUE has changed in "));
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "read the configuration"));
    folder_write("conf", "LINED_HANDLER=kv\nLINED_KV_PASSWORD=secret\n");
    ck_assert_int_eq(kill(server.pid, SIGHUP), 0);
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "conf:2: LINED_KV_PASSWORD is not possible in the file"));
    ck_assert_ptr_null(strstr(text, "secret"));
    end_by(SIGTERM, 0);
    folder_remove();
}
END_TEST

START_TEST(rights_of_others_cause_a_warning)
{
    char expected[512];

    folder_make();
    write_password("secret\n", 0644);
    process_run(
        &server, -1,
        ARGUMENTS("--port=0", "-q", "-H", "kv", "--kv-password-file", folder_path("password")));
    snprintf(expected, sizeof expected,
             "lined: --kv-password-file '%s' has the mode 0644: other users may read the password; "
             "chmod g-w,o-rwx this file",
             folder_path("password"));
    expect_line(expected);
    process_line(&server.err, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "listening on "));
    end_by(SIGTERM, 0);
    folder_remove();
}
END_TEST

/* One line with all parts, which has no password, and status 2. --check-config finds the same. */
static void expect_usage_error(const char *option, const char *value, const char *expected)
{
    const char *const checks[] = {"--port=0", "--check-config"};

    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        process_run(&server, -1, ARGUMENTS("-q", "-H", "kv", checks[i], option, value));
        process_rest(&server.err, text, sizeof text);
        ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
        ck_assert_ptr_null(strstr(text, "secret"));
        ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
        ck_assert_int_eq(process_wait(&server), 2);
    }
}

START_TEST(a_wrong_file_is_status_2)
{
    char expected[512];

    folder_make();
    expect_usage_error("--kv-password-file", "/nowhere/password",
                       "lined: --kv-password-file '/nowhere/password': No such file or directory; "
                       "must be a file that the user that starts lined can read");
    write_password("\n", 0600);
    snprintf(expected, sizeof expected,
             "lined: --kv-password-file '%s': is empty; must have a password of 1 to 512 bytes",
             folder_path("password"));
    expect_usage_error("--kv-password-file", folder_path("password"), expected);
    write_password("secret\n", 0600);
    setenv("LINED_KV_PASSWORD", "secret", 1);
    expect_usage_error("--kv-password-file", folder_path("password"),
                       "lined: LINED_KV_PASSWORD and --kv-password-file cannot be used together");
    folder_remove();
}
END_TEST

START_TEST(another_handler_is_status_2)
{
    process_run(&server, -1, ARGUMENTS("--port=0", "--kv-maxmemory=64M"));
    process_rest(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: --kv-maxmemory needs --handler kv: set this handler, or leave "
                           "--kv-maxmemory out (try 'lined --help')\n");
    ck_assert_int_eq(process_wait(&server), 2);
    setenv("LINED_KV_PASSWORD", "secret", 1);
    process_run(&server, -1, ARGUMENTS("--port=0", "--handler=pubsub"));
    process_rest(&server.err, text, sizeof text);
    ck_assert_str_eq(text, "lined: LINED_KV_PASSWORD needs --handler kv: set this handler, or "
                           "leave LINED_KV_PASSWORD out (try 'lined --help')\n");
    ck_assert_int_eq(process_wait(&server), 2);
}
END_TEST

/* Only root can read the file, and lined serves as another user. */
START_TEST(the_file_is_read_before_privileges_are_dropped)
{
    char user[32];

    if (geteuid() != 0) {
        suite_skip("it needs root, for --user");
        return;
    }
    folder_make();
    write_password("secret\n", 0400);
    snprintf(user, sizeof user, "%d:%d", OWN_USER, OWN_USER);
    process_run(&server, -1,
                ARGUMENTS("--port=0", "-q", "-H", "kv", "--user", user, "--kv-password-file",
                          folder_path("password")));
    process_line(&server.err, text, sizeof text);
    if (strstr(text, "cannot become user") != NULL) {
        suite_skip("this root may not become another user (CAP_SETUID, CAP_SETGID)");
        ck_assert_int_eq(process_wait(&server), 1);
        folder_remove();
        return;
    }
    ck_assert_msg(strncmp(text, "lined: listening on ", 20) == 0, "%s", text);
    server.port = (uint16_t)strtoul(strrchr(text, ':') + 1, NULL, 10);
    ck_assert_int_eq(strtol(process_status(&server, NULL, "Uid"), NULL, 10), OWN_USER);
    expect_protected("secret");
    end_by(SIGTERM, 0);
    folder_remove();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_memory_is_announced,          other_handlers_announce_none,
#ifndef IS_SANITIZED
        the_limits_of_the_process_count,
#endif
        the_file_protects_the_store,      the_variable_of_the_file_protects_the_store,
        the_variable_protects_the_store,  a_reload_reports_that_a_restart_is_needed,
        rights_of_others_cause_a_warning, a_wrong_file_is_status_2,
        another_handler_is_status_2,      the_file_is_read_before_privileges_are_dropped,
    };
    return command_run("command_kv", tests, sizeof tests / sizeof tests[0]);
}
