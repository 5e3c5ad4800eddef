/* The configuration file, and how it goes together with the environment and the command line. */
#include "../src/command/config.h"
#include "../src/command/names.h"
#include "../src/command/options.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config config;
static char message[OPTIONS_MESSAGE_SIZE];

static bool parse(const char *text, size_t size)
{
    config.file = "lined.conf";
    ck_assert_uint_le(size, CONFIG_SIZE_MAX);
    memcpy(config.text, text, size);
    return config_parse(&config, size, message);
}

static void expect_wrong(const char *text, const char *place, const char *why)
{
    ck_assert_msg(!parse(text, strlen(text)), "%s was taken", text);
    ck_assert_msg(strncmp(message, place, strlen(place)) == 0, "%s: %s", text, message);
    ck_assert_msg(strstr(message, why) != NULL, "%s: %s", text, message);
}

START_TEST(assignments_are_read)
{
    static const char text[] = "# a comment with 'quotes'\n\n \t# another\n"
                               "LINED_PORT=80\n  A_1=#=x y\nEMPTY=\nLINED_PORT=81";

    ck_assert_msg(parse(text, sizeof text - 1), "%s", message);
    ck_assert_uint_eq(config.count, 4);
    ck_assert_str_eq(config_find(&config, "LINED_PORT")->value, "81"); /* the last counts */
    ck_assert_uint_eq(config_find(&config, "LINED_PORT")->line, 7);
    ck_assert_str_eq(config_find(&config, "A_1")->value, "#=x y");
    ck_assert_str_eq(config_find(&config, "EMPTY")->value, "");
    ck_assert_ptr_null(config_find(&config, "LINED"));
}
END_TEST

/* systemd and docker read these differently. */
START_TEST(what_others_read_differently_is_an_error)
{
    expect_wrong("A=1\nB=\"x\"\n", "lined.conf:2:3: ", "quotes");
    expect_wrong("A=it's\n", "lined.conf:1:5: ", "quotes");
    expect_wrong("A=b\\n\n", "lined.conf:1:4: ", "backslash");
    expect_wrong("A=1 \n", "lined.conf:1:4: ", "blank at the end");
    expect_wrong("A=1\r\n", "lined.conf:1:4: ", "carriage return");
    expect_wrong("A=\x1b[2J\n", "lined.conf:1:3: ", "control characters");
    expect_wrong("A =1\n", "lined.conf:1:2: ", "NAME=value");
    expect_wrong("  A\n", "lined.conf:1:4: ", "NAME=value");
    expect_wrong("=1\n", "lined.conf:1:1: ", "NAME=value");
    expect_wrong("1A=1\n", "lined.conf:1:1: ", "NAME=value");
    expect_wrong("; no comment in docker\n", "lined.conf:1:1: ", "NAME=value");
    expect_wrong("export A=1\n", "lined.conf:1:7: ", "NAME=value");
    ck_assert(!parse("A=1\0\n", 5));
    ck_assert_ptr_nonnull(strstr(message, "lined.conf:1:4: a NUL byte"));
}
END_TEST

START_TEST(the_number_of_settings_is_bounded)
{
    static char text[CONFIG_SIZE_MAX];
    size_t used = 0;

    for (int i = 0; i < CONFIG_ENTRIES_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "A=%d\n", i);
    ck_assert(parse(text, used));
    used += (size_t)snprintf(text + used, sizeof text - used, "A=1\n");
    ck_assert(!parse(text, used));
    ck_assert_ptr_nonnull(strstr(message, ":257:1: too many"));
}
END_TEST

static char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static struct options options;

static enum options_action read_with(const char *argument, char *(*get)(const char *),
                                     const char *file)
{
    char word[64];
    char *argv[] = {(char[]){"lined"}, word, NULL};

    ck_assert_msg(parse(file, strlen(file)), "%s", message);
    snprintf(word, sizeof word, "%s", argument == NULL ? "" : argument);
    return options_read_all(&options, argument == NULL ? 1 : 2, argv, get, &config, message);
}

START_TEST(options_override_the_environment_which_overrides_the_file)
{
    static const char file[] = "LINED_PORT=1\nLINED_BACKLOG=1\nLINED_MAX_LINE=100\nLINED_QUIET=yes";

    setenv("LINED_PORT", "2", 1);
    setenv("LINED_BACKLOG", "2", 1);
    ck_assert_int_eq(read_with("--port=3", getenv, file), OPTIONS_SERVE);
    ck_assert_uint_eq(options.server.port, 3);
    ck_assert_int_eq(options.server.backlog, 2);
    ck_assert_uint_eq(options.server.max_line, 100);
    ck_assert(options.quiet);
    ck_assert_str_eq(options_name(&options, "--max-line"), "LINED_MAX_LINE");
}
END_TEST

/* A handler in the file is as good as one on the command line. */
START_TEST(the_handler_of_an_option_may_be_in_the_file)
{
    static const char file[] = "LINED_HANDLER=kv\nLINED_KV_MAXMEMORY=2M\n";

    ck_assert_int_eq(read_with(NULL, no_variable, file), OPTIONS_SERVE);
    ck_assert_uint_eq(options.kv.max_memory, 2 << 20);
    ck_assert_int_eq(read_with("--kv-max-value=1M", no_variable, file), OPTIONS_SERVE);
    ck_assert_int_eq(read_with("--handler=chat", no_variable, file), OPTIONS_BAD);
    ck_assert_str_eq(message, "LINED_KV_MAXMEMORY needs --handler kv: set this handler, or leave "
                              "LINED_KV_MAXMEMORY out");
}
END_TEST

START_TEST(places_override_each_other)
{
    ck_assert_int_eq(read_with("--listen=*:1", no_variable, "LINED_PORT=80\n"), OPTIONS_SERVE);
    ck_assert_uint_eq(options.listen_count, 1);
    setenv("LINED_PORT", "2", 1);
    ck_assert_int_eq(read_with(NULL, getenv, "LINED_LISTEN=*:1\n"), OPTIONS_SERVE);
    ck_assert_uint_eq(options.listen_count, 0);
    ck_assert_int_eq(read_with(NULL, no_variable, "LINED_LISTEN=*:1\nLINED_PORT=2\n"), OPTIONS_BAD);
    ck_assert_ptr_nonnull(strstr(message, "LINED_PORT and LINED_LISTEN"));
    ck_assert_int_eq(read_with(NULL, no_variable, "LINED_LISTEN=*:1\n"), OPTIONS_SERVE);
    ck_assert(options.has_place);
}
END_TEST

START_TEST(bad_values_are_named_by_file_and_line)
{
    ck_assert_int_eq(read_with(NULL, no_variable, "\nLINED_PORT=x\n"), OPTIONS_BAD);
    ck_assert_str_eq(message, "lined.conf:2: LINED_PORT 'x': must be a number from 0 to 65535");
    ck_assert_int_eq(read_with(NULL, no_variable, "LINED_CONFIG=x\n"), OPTIONS_BAD);
    ck_assert_ptr_nonnull(strstr(message, "lined.conf:1: LINED_CONFIG is not possible"));
    ck_assert_int_eq(read_with(NULL, no_variable, "LINED_CHECK_CONFIG=no\n"), OPTIONS_BAD);
    ck_assert_int_eq(read_with(NULL, no_variable, "LINED_HANDLER=kv\nLINED_KV_PASSWORD=x\n"),
                     OPTIONS_BAD);
    ck_assert_str_eq(message, "lined.conf:2: LINED_KV_PASSWORD is not possible in the file: set it "
                              "in the environment, or use --kv-password-file");
}
END_TEST

START_TEST(unknown_names_cause_a_warning)
{
    char warning[NAMES_WARNING_SIZE];

    ck_assert(names_warn("LINED_PROT=80", "the environment", 0, warning));
    ck_assert_str_eq(warning, "the environment: LINED_PROT is no variable of lined and is ignored; "
                              "did you mean LINED_PORT?");
    ck_assert(names_warn("LINED_NOTHING_LIKE_IT", "f", 3, warning));
    ck_assert_str_eq(warning, "f:3: LINED_NOTHING_LIKE_IT is no variable of lined and is ignored; "
                              "see lined --help");
    ck_assert(!names_warn("LINED_PORT=80", "f", 1, warning));
    ck_assert(!names_warn("LINED_SERVICE_HOST=10.0.0.1", "f", 1, warning));
    ck_assert(!names_warn("LINED_PORT_1234_TCP=tcp://10.0.0.1:1234", "f", 1, warning));
    ck_assert(!names_warn("LINED_KV_PASSWORD=x", "the environment", 0, warning));
    ck_assert(names_warn("LINED_KV_PASSWRD=secret", "the environment", 0, warning));
    ck_assert_str_eq(warning, "the environment: LINED_KV_PASSWRD is no variable of lined and is "
                              "ignored; did you mean LINED_KV_PASSWORD?");
    ck_assert(!names_warn("PATH=/bin", "f", 1, warning));
    for (int i = 0; settings[i].name != NULL; i++)
        ck_assert(!names_warn(settings[i].variable, "f", 1, warning));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        assignments_are_read,
        what_others_read_differently_is_an_error,
        the_number_of_settings_is_bounded,
        options_override_the_environment_which_overrides_the_file,
        the_handler_of_an_option_may_be_in_the_file,
        places_override_each_other,
        bad_values_are_named_by_file_and_line,
        unknown_names_cause_a_warning,
    };
    return suite_run("config", tests, sizeof tests / sizeof tests[0]);
}
