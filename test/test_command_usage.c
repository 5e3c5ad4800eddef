/* The command with options that are wrong, --help and --version, and handlers that cannot start. */
#include "command.h"
#include "process.h"

#include <fcntl.h>
#include <lined.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    expect_usage_error(ARGUMENTS("--handler", "nobody"), "--handler 'nobody': must be received, "
                                                         "chat, kv, pubsub, or");
    expect_usage_error(ARGUMENTS("--handler", "kv", "--mode", "active"), "must be passive");
    setenv("LINED_MAX_LINE", "5", 1);
    expect_usage_error(NO_ARGUMENTS, "LINED_MAX_LINE '5'");
}
END_TEST

/* Also what is wrong with it is found after the options were read. */
START_TEST(bad_input_is_named_by_its_variable)
{
    setenv("LINED_HANDLER", "nobody", 1);
    expect_usage_error(NO_ARGUMENTS, "lined: LINED_HANDLER 'nobody': must be received, "
                                     "chat, kv, pubsub, or");
    expect_usage_error(ARGUMENTS("-H", "other"), "lined: --handler 'other': must be received, "
                                                 "chat, kv, pubsub, or");
    setenv("LINED_HANDLER", "kv", 1);
    expect_usage_error(ARGUMENTS("--mode=active"),
                       "--mode 'active': not possible with LINED_HANDLER 'kv'");
    setenv("LINED_MODE", "active", 1);
    expect_usage_error(ARGUMENTS("-H", "kv"),
                       "LINED_MODE 'active': not possible with --handler 'kv'");
    setenv("LINED_HANDLER", "", 1);
    setenv("LINED_USER", "root", 1);
    expect_usage_error(NO_ARGUMENTS, "lined: LINED_USER 'root': must be a user other than root");
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

START_TEST(a_module_name_that_is_too_long_is_rejected)
{
    static char name[5000];

    if (process_skips_modules())
        return;
    memset(name, 'x', sizeof name - 1);
    memcpy(name + sizeof name - 4, ".so", 4);
    expect_usage_error(ARGUMENTS("--handler", name),
                       "xxx': the name of a module must have at most 4093 bytes");
}
END_TEST

static void expect_no_start(const char *result, const char *why)
{
    char expected[128];

    setenv("INIT_RESULT", result, 1);
    process_run(&server, -1, ARGUMENTS("--port=0", "--handler=" MODULES "/module_fails.so"));
    process_rest(&server.err, text, sizeof text);
    snprintf(expected, sizeof expected, "lined: --handler '%s' cannot start: %s\n",
             MODULES "/module_fails.so", why);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(process_wait(&server), 1);
}

/* Also where a module returns what is no errno. */
START_TEST(a_handler_that_cannot_start_is_status_1)
{
    if (process_skips_modules())
        return;
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
    const char *const parts[] = {"lined " LINED_VERSION "\n", "\nlibrary: " LINED_VERSION "\n",
                                 "\nABI of modules: ", "\nsandbox: ", "\ncommit: "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(strstr(text, parts[i]) != NULL, "\"%s\" lacks \"%s\"", text, parts[i]);
    ck_assert_ptr_eq(strstr(text, parts[0]), text);
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

int main(void)
{
    const TTest *const tests[] = {
        bad_input_is_one_line_and_status_2,      bad_input_is_named_by_its_variable,
        a_service_of_its_name_is_warned_of,      a_module_name_that_is_too_long_is_rejected,
        a_handler_that_cannot_start_is_status_1, help_and_version_go_to_standard_output,
        help_that_cannot_be_written_is_status_1,
    };
    return command_run("command_usage", tests, sizeof tests / sizeof tests[0]);
}
