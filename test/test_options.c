#include "../src/command/help.h"
#include "../src/command/options.h"

#include "suite.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct options options;
static char message[OPTIONS_MESSAGE_SIZE];

/* Reads arguments, which are given as one string with spaces between; "''" is an empty one. */
static enum options_action read_words(const char *words)
{
    static char copy[2048];
    char *argv[128] = {(char[]){"lined"}};
    int argc = 1;

    ck_assert_uint_lt(strlen(words), sizeof copy);
    strcpy(copy, words);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        if (strcmp(word, "''") == 0)
            *word = '\0';
        ck_assert_int_lt(argc, 127); /* the last stays NULL */
        argv[argc++] = word;
    }
    message[0] = '\0';
    return options_read(&options, argc, argv, getenv, message);
}

static void expect_good(const char *words)
{
    ck_assert_msg(read_words(words) == OPTIONS_SERVE, "%s: %s", words, message);
}

/* It is refused in one line, which has each of the parts. */
static void expect_bad(const char *words, const char *part, const char *other_part)
{
    ck_assert_msg(read_words(words) == OPTIONS_BAD, "%s was taken", words);
    ck_assert_msg(strstr(message, part) != NULL, "%s: %s lacks %s", words, message, part);
    ck_assert_msg(strstr(message, other_part) != NULL, "%s: %s lacks %s", words, message,
                  other_part);
    ck_assert_ptr_null(strchr(message, '\n'));
}

#define FIELD(name) offsetof(struct options, name), sizeof(((const struct options *)NULL)->name)
#define NUMBER(name, fallback, number)                                                             \
    FIELD(name), {fallback, number},                                                               \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }
#define TEXT(name, fallback, text)                                                                 \
    FIELD(name), {0, 0},                                                                           \
    {                                                                                              \
        fallback, text                                                                             \
    }

/* For each option a value, the field that it sets, and what is in the field by default and then. */
static const struct example {
    const char *option;
    const char *value; /* NULL: a flag */
    const char *bad;
    size_t offset, size;
    int64_t number[2];
    const char *text[2]; /* not NULL: the field is a string */
} examples[] = {
    {"--config", "/c", "", TEXT(config, NULL, "/c")},
    {"--check-config", NULL, "perhaps", NUMBER(check_config, false, true)},
    {"--ip", "::1", "127.1", TEXT(server.ip, "127.0.0.1", "::1")},
    {"--port", "80", "65536", NUMBER(server.port, 1234, 80)},
    {"--listen", "*:80", "80", TEXT(listen[0], NULL, "*:80")},
    {"--reuse-port", NULL, "perhaps", NUMBER(server.reuse_port, false, true)},
    {"--quiet", NULL, "perhaps", NUMBER(quiet, false, true)},
    {"--log-overflow", "drop", "wait", NUMBER(log_overflow, LOG_BLOCK, LOG_DROP)},
    {"--log-file", "/l", "", TEXT(log_file, NULL, "/l")},
    {"--log-format", "json", "xml", NUMBER(log_style.format, LOG_INSPECT, LOG_JSON)},
    {"--log-peer", NULL, "perhaps", NUMBER(log_style.has_peer, false, true)},
    {"--log-probes", "no", "perhaps", NUMBER(log_style.omits_probes, false, true)},
    {"--log-lines", "no", "perhaps", NUMBER(log_style.omits_lines, false, true)},
    {"--handler", "kv", "", TEXT(handler, "received", "kv")},
    {"--mode", "active", "both", NUMBER(server.mode, LINED_PASSIVE, LINED_ACTIVE)},
    {"--max-line", "16", "15", NUMBER(server.max_line, 1460, 16)},
    {"--long-line", "close", "cut", NUMBER(server.long_line, LINED_LONG_SPLIT, LINED_LONG_CLOSE)},
    {"--partial", "deliver", "keep",
     NUMBER(server.partial, LINED_PARTIAL_DROP, LINED_PARTIAL_DELIVER)},
    {"--send-timeout", "1.5", "1s", NUMBER(server.send_timeout_ms, 30000, 1500)},
    {"--idle-timeout", ".25", "-1", NUMBER(server.idle_timeout_ms, 0, 250)},
    {"--line-timeout", "20", "x", NUMBER(server.line_timeout_ms, 0, 20000)},
    {"--session-timeout", "3600", "1h", NUMBER(server.session_timeout_ms, 0, 3600000)},
    {"--drain-timeout", "0", "never", NUMBER(server.drain_timeout_ms, 5000, 0)},
    {"--drain-delay", "1.5", "soon", NUMBER(drain_delay_ms, 0, 1500)},
    {"--drain", "wait", "cut", NUMBER(server.drain_mode, LINED_DRAIN_CLOSE, LINED_DRAIN_WAIT)},
    {"--backlog", "7", "0", NUMBER(server.backlog, 4096, 7)},
    {"--busy-poll", "0", "10001", NUMBER(server.busy_poll_us, 50, 0)},
    {"--stack-size", "1048576", "65535", NUMBER(server.stack_size, 0, 1048576)},
    {"--notify-fd", "7", "2", NUMBER(notify_fd, -1, 7)},
    {"--user", "daemon", "two words", TEXT(user, NULL, "daemon")},
    {"--no-sandbox", NULL, "perhaps", NUMBER(no_sandbox, false, true)},
    {"--max-connections", "8", "0", NUMBER(server.max_connections, 0, 8)},
    {"--overflow", "reject", "drop",
     NUMBER(server.overflow, LINED_OVERFLOW_WAIT, LINED_OVERFLOW_REJECT)},
    {"--max-per-ip", "9", "x", NUMBER(server.max_per_ip, 0, 9)},
    {"--accept-rate", "10", "1000001", NUMBER(server.accept_rate, 0, 10)},
    {"--admin", "127.0.0.1:9000", "fd:3", TEXT(admin, NULL, "127.0.0.1:9000")},
    {"--greeting", "hello", "", TEXT(server.greeting, NULL, "hello")},
    {"--line-rate", "5", "1000001", NUMBER(server.line_rate, 0, 5)},
    {"--allow", "10.0.0.0/8", "10.0.0.0/33", TEXT(server.allow, NULL, "10.0.0.0/8")},
    {"--deny", "::1", "::1,", TEXT(server.deny, NULL, "::1")},
    {"--proxy-protocol", "any", "v3",
     NUMBER(server.proxy_protocol, LINED_PROXY_NONE, LINED_PROXY_ANY)},
    {"--proxy-from", "10.0.0.1", "proxy", TEXT(server.proxy_from, NULL, "10.0.0.1")},
    {"--kv-password-file", "/p", "", TEXT(kv_password_file, NULL, "/p")},
    {"--kv-maxmemory", "3G", "1048575", NUMBER(kv.max_memory, 0, INT64_C(3) << 30)},
    {"--kv-max-value", "512M", "513M", NUMBER(kv.max_value, 16 << 20, 512 << 20)},
    {"--kv-max-inline", "1k", "1023", NUMBER(kv.max_inline, 65536, 1024)},
};

enum { EXAMPLES = sizeof examples / sizeof examples[0] };

/* Expects the default (0), or what the example's value has set (1). */
static void expect_field(const struct example *example, int which)
{
    const char *field = (const char *)&options + example->offset;
    int64_t number;

    if (example->text[1] != NULL) {
        ck_assert_pstr_eq(*(const char *const *)field, example->text[which]);
        return;
    }
    switch (example->size) {
    case 1:
        number = *(const bool *)field;
        break;
    case 2:
        number = *(const uint16_t *)field;
        break;
    case 4:
        number = *(const int32_t *)field;
        break;
    default:
        ck_assert_uint_eq(example->size, 8);
        number = *(const int64_t *)field;
        break;
    }
    ck_assert_msg(number == example->number[which], "%s: %lld", example->option, (long long)number);
}

START_TEST(every_option_has_an_example)
{
    for (int i = 0; i < EXAMPLES; i++) {
        ck_assert_ptr_nonnull(settings[i].name);
        ck_assert_str_eq(examples[i].option, settings[i].name);
        ck_assert((settings[i].argument == NULL) == (examples[i].value == NULL));
    }
    ck_assert_msg(settings[EXAMPLES].name == NULL, "%s has no example", settings[EXAMPLES].name);
}
END_TEST

START_TEST(defaults_are_as_documented)
{
    expect_good("");
    for (int i = 0; i < EXAMPLES; i++)
        expect_field(&examples[i], 0);
}
END_TEST

/* --listen cannot be used together with --ip and --port. */
static bool mixes(int i)
{
    return strcmp(examples[i].option, "--listen") != 0;
}

START_TEST(every_option_is_read)
{
    char words[2048] = "";
    size_t used = 0;

    for (int i = 0; i < EXAMPLES; i++) {
        if (!mixes(i))
            continue;
        used += (size_t)snprintf(words + used, sizeof words - used, "%s %s ", examples[i].option,
                                 examples[i].value == NULL ? "" : examples[i].value);
    }
    expect_good(words);
    for (int i = 0; i < EXAMPLES; i++)
        expect_field(&examples[i], mixes(i));
}
END_TEST

START_TEST(every_variable_is_read)
{
    for (int i = 0; i < EXAMPLES; i++) {
        if (mixes(i))
            setenv(settings[i].variable, examples[i].value == NULL ? "yes" : examples[i].value, 1);
    }
    expect_good("");
    for (int i = 0; i < EXAMPLES; i++)
        expect_field(&examples[i], mixes(i));
}
END_TEST

START_TEST(places_to_listen_are_a_list)
{
    expect_good("--listen *:80 --listen unix:/run/l,mode=0600");
    ck_assert_uint_eq(options.listen_count, 2);
    ck_assert_str_eq(options.listen[0], "*:80");
    ck_assert_str_eq(options.listen[1], "unix:/run/l,mode=0600");
    ck_assert(options.has_place);
    setenv("LINED_LISTEN", "  [::1]:1  fd:3 ", 1);
    expect_good("");
    ck_assert_uint_eq(options.listen_count, 2);
    ck_assert_str_eq(options.listen[0], "[::1]:1");
    ck_assert_str_eq(options.listen[1], "fd:3");
    expect_good("--port 80"); /* overrides the variable */
    ck_assert_uint_eq(options.listen_count, 0);
    setenv("LINED_PORT", "80", 1);
    expect_bad("", "LINED_PORT", "LINED_LISTEN");
    expect_good("--listen *:1");
    ck_assert_uint_eq(options.server.port, 1234);
    setenv("LINED_LISTEN", "   ", 1);
    unsetenv("LINED_PORT");
    expect_bad("", "LINED_LISTEN", "ADDRESS:PORT");
    unsetenv("LINED_LISTEN");
    expect_bad("--listen ::1:80", "--listen '::1:80'", "brackets");
    expect_bad("--listen *:1 -p 1", "--port", "--listen");
    expect_bad("-i ::1 --listen *:1", "--ip", "--listen");
    expect_bad("-i ::1 -i 127.0.0.1", "--ip is given twice", "--listen");
    expect_good("");
    ck_assert(!options.has_place);
}
END_TEST

/* By its variable; and by the option where that takes a value. */
START_TEST(bad_values_are_rejected_by_the_name_that_was_used)
{
    char argument[64];
    char *argv[] = {(char[]){"lined"}, argument, NULL};

    for (int i = 0; i < EXAMPLES; i++) {
        if (examples[i].value != NULL) {
            snprintf(argument, sizeof argument, "%s=%s", examples[i].option, examples[i].bad);
            ck_assert_int_eq(options_read(&options, 2, argv, getenv, message), OPTIONS_BAD);
            ck_assert_ptr_eq(strstr(message, examples[i].option), message);
            ck_assert(strstr(message, settings[i].allowed) != NULL || options.why != NULL);
        }
        if (examples[i].bad[0] == '\0')
            continue; /* an empty variable counts as not set */
        setenv(settings[i].variable, examples[i].bad, 1);
        expect_bad("", settings[i].variable,
                   options.why == NULL ? settings[i].allowed : "must be ");
        unsetenv(settings[i].variable);
    }
}
END_TEST

START_TEST(proxies_need_a_protocol_and_networks)
{
    expect_good("--proxy-protocol v1 --proxy-from 10.0.0.0/8,::1");
    ck_assert_int_eq(options.server.proxy_protocol, LINED_PROXY_V1);
    expect_good("--proxy-protocol v2 --proxy-from ::1");
    ck_assert_int_eq(options.server.proxy_protocol, LINED_PROXY_V2);
    expect_bad("--proxy-protocol v1", "--proxy-protocol", "--proxy-from CIDR");
    expect_bad("--proxy-from ::1", "--proxy-from", "--proxy-protocol");
    expect_bad("--proxy-protocol v1 --proxy-from ::1,,", "--proxy-from", "'' has no");
    setenv("LINED_PROXY_PROTOCOL", "any", 1);
    expect_bad("", "LINED_PROXY_PROTOCOL", "--proxy-from");
    expect_good("--proxy-from ::1");
}
END_TEST

/* With a handler that does not have them they would do nothing, and so would the password. */
START_TEST(options_of_kv_need_kv)
{
    expect_bad("--kv-maxmemory 1G", "--kv-maxmemory", "needs --handler kv");
    expect_bad("--handler ./kv.so --kv-max-inline 1k", "--kv-max-inline", "needs --handler kv");
    setenv("LINED_KV_PASSWORD_FILE", "/p", 1);
    expect_bad("", "LINED_KV_PASSWORD_FILE", "leave LINED_KV_PASSWORD_FILE out");
    expect_good("-H kv");
    unsetenv("LINED_KV_PASSWORD_FILE");
    setenv("LINED_KV_PASSWORD", "secret", 1);
    expect_bad("-H chat", "LINED_KV_PASSWORD", "needs --handler kv");
    ck_assert_ptr_null(strstr(message, "secret"));
    expect_good("-H kv");
    ck_assert_str_eq(options.kv.password, "secret");
    setenv("LINED_HANDLER", "kv", 1);
    expect_good("");
}
END_TEST

START_TEST(there_is_one_password)
{
    char long_password[514];

    memset(long_password, 'p', sizeof long_password);
    long_password[512] = '\0';
    setenv("LINED_KV_PASSWORD", long_password, 1);
    expect_good("-H kv");
    expect_bad("-H kv --kv-password-file /p", "LINED_KV_PASSWORD and --kv-password-file",
               "leave one of them out");
    setenv("LINED_KV_PASSWORD_FILE", "/p", 1);
    expect_bad("-H kv", "LINED_KV_PASSWORD and LINED_KV_PASSWORD_FILE", "leave one of them out");
    ck_assert_ptr_null(strstr(message, "ppp"));
    setenv("LINED_KV_PASSWORD", "", 1);
    expect_good("-H kv");
    ck_assert_ptr_null(options.kv.password);
    unsetenv("LINED_KV_PASSWORD_FILE");
    long_password[512] = 'p';
    long_password[513] = '\0';
    setenv("LINED_KV_PASSWORD", long_password, 1);
    expect_bad("-H kv", "LINED_KV_PASSWORD", "1 to 512 bytes");
    expect_bad("-H kv --kv-password hunter2", "--kv-password is no option", "LINED_KV_PASSWORD");
    expect_bad("-H kv --kv-password=hunter2", "--kv-password is no option", "--kv-password-file");
    ck_assert_ptr_null(strstr(message, "ppp"));
}
END_TEST

START_TEST(sizes_have_suffixes)
{
    expect_good("-H kv --kv-maxmemory 1048576 --kv-max-value 1024 --kv-max-inline 2K");
    ck_assert_uint_eq(options.kv.max_memory, 1048576);
    ck_assert_uint_eq(options.kv.max_value, 1024);
    ck_assert_uint_eq(options.kv.max_inline, 2048);
    expect_good("-H kv --kv-maxmemory 1025k --kv-max-value 536870912 --kv-max-inline 16m");
    ck_assert_uint_eq(options.kv.max_memory, 1025 * 1024);
    ck_assert_uint_eq(options.kv.max_value, 512 << 20);
    ck_assert_uint_eq(options.kv.max_inline, 16 << 20);
    expect_good("-H kv --kv-maxmemory 1048576g");
    ck_assert_uint_eq(options.kv.max_memory, UINT64_C(1) << 50);
    static const char *const wrong[] = {"0",
                                        "1023k",
                                        "1M5",
                                        "1MB",
                                        "M",
                                        "-1M",
                                        "1.5G",
                                        "0x100000",
                                        "1048577G",
                                        "18446744073709551616",
                                        "17179869185G",
                                        "1T"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char words[64];
        snprintf(words, sizeof words, "-H kv --kv-maxmemory=%s", wrong[i]);
        expect_bad(words, "--kv-maxmemory '", "from 1M to 1048576G");
    }
    expect_bad("-H kv --kv-maxmemory ''", "--kv-maxmemory ''", "from 1M to 1048576G");
    expect_bad("-H kv --kv-max-value 1023", "--kv-max-value '1023'", "from 1k to 512M");
    expect_bad("-H kv --kv-max-value 536870913", "--kv-max-value", "from 1k to 512M");
    expect_bad("-H kv --kv-max-inline 17M", "--kv-max-inline '17M'", "from 1k to 16M");
}
END_TEST

START_TEST(gnu_habits_hold)
{
    expect_good("--ip=127.0.0.2 --port=0");
    ck_assert_str_eq(options.server.ip, "127.0.0.2");
    ck_assert_uint_eq(options.server.port, 0);
    expect_good("-p9 -qi0.0.0.0");
    ck_assert_uint_eq(options.server.port, 9);
    ck_assert_str_eq(options.server.ip, "0.0.0.0");
    expect_good("--quiet --");
    expect_good("--back 3"); /* an abbreviation */
    ck_assert_int_eq(options.server.backlog, 3);
    expect_bad("-- --quiet", "--quiet", "unexpected argument");
    ck_assert_int_eq(read_words("--help"), OPTIONS_HELP);
    ck_assert_int_eq(read_words("-V"), OPTIONS_VERSION);
}
END_TEST

START_TEST(bounds_are_inclusive)
{
    expect_good("--port 65535 --max-line 1048576 --backlog 65535 --idle-timeout 1000000");
    ck_assert_uint_eq(options.server.idle_timeout_ms, 1000000000);
    expect_good("--port 0 --max-line 16 --backlog 1 --idle-timeout 0");
    expect_bad("--port 65536", "--port '65536'", "0 to 65535");
    expect_bad("--max-line 15", "--max-line '15'", "16 to 1048576");
    expect_bad("--max-line 1048577", "--max-line", "16 to 1048576");
    expect_bad("--busy-poll 10001", "--busy-poll '10001'", "0 to 10000");
    expect_bad("--busy-poll adaptive", "--busy-poll 'adaptive'", "microseconds");
    expect_bad("--allow 10.0.0.0/8,x", "--allow '10.0.0.0/8,x'", "'x' has no");
    expect_bad("--allow \033[2J,", "'?[2J'", "address");
    expect_bad("--deny 10.0.0.1/8", "'10.0.0.1/8'", "behind its prefix");
    expect_bad("--backlog 0", "--backlog '0'", "1 to 65535");
    expect_bad("--idle-timeout 1000000.001", "--idle-timeout", "1000000");
    expect_good("--max-connections 16777216 --max-per-ip 16777216 --accept-rate 1000000");
    expect_good("--max-connections 1 --max-per-ip 0 --accept-rate 0");
    expect_bad("--max-connections 0", "--max-connections '0'", "1 to 16777216");
    expect_bad("--max-connections 16777217", "--max-connections", "1 to 16777216");
    expect_bad("--max-per-ip 16777217", "--max-per-ip", "0 to 16777216");
    expect_bad("--accept-rate 1000001", "--accept-rate", "0 to 1000000");
    expect_bad("--port 18446744073709551616", "--port", "0 to 65535");
}
END_TEST

START_TEST(less_than_a_millisecond_is_not_for_ever)
{
    expect_good("--send-timeout 0.0001 --idle-timeout 0.0000 --drain-timeout 2.0010");
    ck_assert_uint_eq(options.server.send_timeout_ms, 1);
    ck_assert_uint_eq(options.server.idle_timeout_ms, 0);
    ck_assert_uint_eq(options.server.drain_timeout_ms, 2001);
}
END_TEST

START_TEST(bad_input_names_the_option_the_value_and_what_is_allowed)
{
    expect_bad("--port 12x", "--port '12x'", "0 to 65535");
    expect_bad("--port ''", "--port ''", "0 to 65535");
    expect_bad("--port -1", "--port '-1'", "0 to 65535");
    expect_bad("--port +1", "--port '+1'", "0 to 65535");
    expect_bad("-p 70000", "--port '70000'", "0 to 65535");
    expect_bad("--ip localhost9", "--ip 'localhost9'", "IPv4 or IPv6");
    expect_bad("--ip 127.1", "--ip '127.1'", "IPv4 or IPv6");
    expect_bad("--ip ''", "--ip ''", "IPv4 or IPv6");
    expect_bad("--long-line cut", "--long-line 'cut'", "split, close or discard");
    expect_bad("--log-overflow wait", "--log-overflow 'wait'", "block or drop");
    expect_bad("--partial keep", "--partial 'keep'", "drop or deliver");
    expect_bad("--overflow drop", "--overflow 'drop'", "wait or reject");
    expect_bad("--send-timeout 1s", "--send-timeout '1s'", "seconds");
    expect_bad("--send-timeout .", "--send-timeout '.'", "seconds");
    expect_bad("--send-timeout nan", "--send-timeout 'nan'", "seconds");
    expect_bad("--send-timeout 1.2.3", "--send-timeout '1.2.3'", "seconds");
    expect_bad("--idle-timeout -1", "--idle-timeout '-1'", "seconds");
    expect_bad("--line-timeout x", "--line-timeout 'x'", "seconds");
    expect_bad("--session-timeout 1h", "--session-timeout '1h'", "seconds");
    expect_bad("--admin 127.0.0.1:1 --session-timeout 1h", "--session-timeout '1h'", "seconds");
    expect_bad("--listen 127.0.0.1:1 --session-timeout 1h", "--session-timeout '1h'", "seconds");
}
END_TEST

START_TEST(unusable_words_are_named)
{
    expect_bad("--nope", "unknown", "--nope");
    expect_bad("-z", "unknown option", "-z");
    expect_bad("-qz", "unknown option", "-z");
    expect_bad("--port", "--port", "needs a value");
    expect_bad("-i", "--ip", "needs a value");
    expect_bad("--quiet=yes", "--quiet=yes", "takes no value");
    expect_bad("stray", "stray", "unexpected argument");
    expect_bad("--p 1", "--p", "ambiguous"); /* --port or --partial */
}
END_TEST

START_TEST(a_message_shows_nothing_a_terminal_obeys)
{
    expect_bad("--port \x1b[31m\x9b", "--port '?[31m?'", "0 to 65535");
    expect_bad("--port "
               "1234567890123456789012345678901234567890123456789012345678901234567890",
               "...'", "0 to 65535");
}
END_TEST

START_TEST(options_win_over_the_environment)
{
    setenv("LINED_PORT", "99", 1);
    setenv("LINED_QUIET", "no", 1);
    expect_good("--port 7 -q");
    ck_assert_uint_eq(options.server.port, 7);
    ck_assert(options.quiet);
    setenv("LINED_PORT", "nonsense", 1);
    expect_good("--port 7"); /* what does not count is not looked at */
}
END_TEST

START_TEST(settings_are_named_by_what_the_user_has_set)
{
    setenv("LINED_PORT", "99", 1);
    setenv("LINED_QUIET", "no", 1);
    expect_good("-q");
    ck_assert_str_eq(options_name(&options, "--port"), "LINED_PORT");
    ck_assert_str_eq(options_name(&options, "--quiet"), "--quiet");
    ck_assert_str_eq(options_name(&options, "--ip"), "--ip");
    setenv("LINED_PORT", "tcp://10.96.14.7:1234", 1); /* of a service, which does not count */
    expect_good("");
    ck_assert_str_eq(options_name(&options, "--port"), "--port");
    ck_assert_str_eq(options_name(&options, "--quiet"), "LINED_QUIET");
}
END_TEST

START_TEST(a_bad_environment_names_the_variable)
{
    setenv("LINED_PORT", "70000", 1);
    expect_bad("", "LINED_PORT '70000'", "0 to 65535");
    unsetenv("LINED_PORT");
    setenv("LINED_QUIET", "perhaps", 1);
    expect_bad("", "LINED_QUIET 'perhaps'", "yes or no");
}
END_TEST

START_TEST(an_empty_variable_counts_as_not_set)
{
    for (int i = 0; settings[i].name != NULL; i++)
        setenv(settings[i].variable, "", 1);
    expect_good("");
    ck_assert_str_eq(options.server.ip, "127.0.0.1");
    ck_assert_uint_eq(options.server.port, 1234);
    ck_assert_str_eq(options.handler, "received");
    ck_assert_ptr_null(options.user);
    ck_assert(!options.quiet);
    ck_assert_str_eq(options.warning, "");
    expect_bad("--port ''", "--port ''", "0 to 65535"); /* an option is given all the same */
}
END_TEST

/* Kubernetes sets these for a service named lined with a port 1234; if the first port is UDP or
 * SCTP, the first value begins with that. */
START_TEST(variables_of_a_service_are_ignored)
{
    static const char *const variables[][2] = {
        {"LINED_PORT", "tcp://10.96.14.7:1234"},
        {"LINED_PORT_1234_TCP", "tcp://10.96.14.7:1234"},
        {"LINED_PORT_1234_TCP_PROTO", "tcp"},
        {"LINED_PORT_1234_TCP_PORT", "1234"},
        {"LINED_PORT_1234_TCP_ADDR", "10.96.14.7"},
        {"LINED_SERVICE_HOST", "10.96.14.7"},
        {"LINED_SERVICE_PORT", "1234"},
        {"LINED_SERVICE_PORT_LINES", "1234"},
    };
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        setenv(variables[i][0], variables[i][1], 1);
    expect_good("");
    ck_assert_uint_eq(options.server.port, 1234);
    ck_assert_str_eq(options.warning,
                     "LINED_PORT 'tcp://10.96.14.7:1234' is ignored, because Kubernetes sets it "
                     "for a service named lined; set --port, or enableServiceLinks: false");
    expect_good("--port 7"); /* what does not count is not looked at */
    ck_assert_str_eq(options.warning, "");
    setenv("LINED_PORT", "udp://10.96.14.7:1234", 1);
    expect_good("");
    ck_assert_str_ne(options.warning, "");
    setenv("LINED_PORT", "tcp://\x1b[31m", 1);
    expect_good("");
    ck_assert_ptr_nonnull(strstr(options.warning, "'tcp://?[31m'"));
    setenv("LINED_PORT", "http://10.96.14.7:1234", 1);
    expect_bad("", "LINED_PORT 'http://10.96.14.7:1234'", "0 to 65535");
    unsetenv("LINED_PORT");
    setenv("LINED_BACKLOG", "tcp://10.96.14.7:1234", 1);
    expect_bad("", "LINED_BACKLOG 'tcp://10.96.14.7:1234'", "1 to 65535");
}
END_TEST

/* A setting that is called like a variable of a service named lined could not be used there. */
START_TEST(no_setting_is_called_like_a_variable_of_a_service)
{
    for (int i = 0; settings[i].name != NULL; i++) {
        ck_assert_int_ne(strncmp(settings[i].variable, "LINED_SERVICE_", 14), 0);
        ck_assert_int_ne(strncmp(settings[i].variable, "LINED_PORT_", 11), 0);
    }
}
END_TEST

START_TEST(help_fits_a_terminal)
{
    static char help[HELP_SIZE];

    help_text(help);
    for (const char *line = help; *line != '\0'; line += strcspn(line, "\n") + 1)
        ck_assert_msg(strcspn(line, "\n") <= 80, "%.*s", (int)strcspn(line, "\n"), line);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_option_has_an_example,
        defaults_are_as_documented,
        help_fits_a_terminal,
        every_option_is_read,
        every_variable_is_read,
        places_to_listen_are_a_list,
        bad_values_are_rejected_by_the_name_that_was_used,
        proxies_need_a_protocol_and_networks,
        options_of_kv_need_kv,
        there_is_one_password,
        sizes_have_suffixes,
        gnu_habits_hold,
        bounds_are_inclusive,
        less_than_a_millisecond_is_not_for_ever,
        bad_input_names_the_option_the_value_and_what_is_allowed,
        unusable_words_are_named,
        a_message_shows_nothing_a_terminal_obeys,
        options_win_over_the_environment,
        settings_are_named_by_what_the_user_has_set,
        a_bad_environment_names_the_variable,
        an_empty_variable_counts_as_not_set,
        variables_of_a_service_are_ignored,
        no_setting_is_called_like_a_variable_of_a_service,
    };
    /* Whole test runs can set some: LINED_NO_SANDBOX. */
    for (int i = 0; settings[i].name != NULL; i++)
        unsetenv(settings[i].variable);
    return suite_run("options", tests, sizeof tests / sizeof tests[0]);
}
