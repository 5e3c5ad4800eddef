#include "settings.h"

#include "base/values.h"
#include "net/address.h"

#include <stdint.h>

const char options_help[] =
    "Usage: lined [OPTION]...\n"
    "Serve lines over TCP. lined prints each line that a client sends, and answers\n"
    "it with \"Received: LINE\".\n"
    "\n"
    "  -i, --ip ADDR       listen on this IPv4 or IPv6 address (default 127.0.0.1)\n"
    "  -p, --port PORT     listen on this port; 0: the kernel chooses (default 1234)\n"
    "  -q, --quiet         print no packet log\n"
    "      --log-overflow block|drop\n"
    "                      if the packet log is read too slowly: block makes clients\n"
    "                      wait, drop leaves log lines out and counts them (default\n"
    "                      block)\n"
    "  -H, --handler NAME|FILE.so\n"
    "                      the handler of the lines: received, chat, kv, or the file\n"
    "                      of a module (default received)\n"
    "      --mode passive|active\n"
    "                      the thread that runs the handler: each connection's own,\n"
    "                      or one for all (default passive)\n"
    "      --max-line BYTES\n"
    "                      maximum length of a line, including its LF, 16 to 1048576\n"
    "                      (default 1460)\n"
    "      --long-line split|close\n"
    "                      split a longer line into several lines, or close its\n"
    "                      connection (default split)\n"
    "      --partial drop|deliver\n"
    "                      drop an unfinished line when the client ends its side, or\n"
    "                      deliver it (default drop)\n"
    "      --send-timeout SECONDS\n"
    "                      close a connection when sending makes no progress for\n"
    "                      SECONDS; 0: no limit (default 30)\n"
    "      --idle-timeout SECONDS\n"
    "                      close a connection when its client sends nothing for\n"
    "                      SECONDS (default 0: no limit)\n"
    "      --line-timeout SECONDS\n"
    "                      close a connection when a line is not complete SECONDS\n"
    "                      after it was begun (default 0: no limit)\n"
    "      --session-timeout SECONDS\n"
    "                      close a connection SECONDS after it was accepted (default\n"
    "                      0: no limit)\n"
    "      --drain-timeout SECONDS\n"
    "                      when lined is stopped, cut the connections that have not\n"
    "                      ended after SECONDS (default 5)\n"
    "      --backlog N     maximum number of connections that wait to be accepted\n"
    "                      (default 4096)\n"
    "      --busy-poll MICROSECONDS\n"
    "                      poll this long for the next line before the thread sleeps,\n"
    "                      0 to 10000 (default 50)\n"
    "      --user NAME     once the port is open, become this user for good\n"
    "      --no-sandbox    do not enter the sandbox: files and all system calls stay\n"
    "                      allowed\n"
    "      --max-connections N\n"
    "                      maximum number of connections at the same time (default:\n"
    "                      from the limits on descriptors, threads and memory)\n"
    "      --overflow wait|reject\n"
    "                      above --max-connections, clients wait in the backlog, or\n"
    "                      get \"Server busy\" and are closed (default wait)\n"
    "      --max-per-ip N  maximum number of connections from one address at the same\n"
    "                      time (default 0: no limit)\n"
    "      --accept-rate N maximum number of connections accepted per second, the\n"
    "                      others wait (default 0: no limit)\n"
    "  -h, --help          print this help and exit\n"
    "  -V, --version       print the version and exit\n"
    "\n"
    "Seconds may have decimals, and are at most 1000000.\n"
    "An environment variable can set each option except the last two: LINED_PORT sets\n"
    "--port, LINED_MAX_LINE sets --max-line, LINED_QUIET=yes sets --quiet. An option\n"
    "overrides its variable. An empty variable counts as not set.\n"
    "Standard output has the packet log and nothing else; messages go to standard\n"
    "error. SIGTERM, SIGINT and SIGHUP drain the server: lined answers the lines that\n"
    "it has received, and exits. A second SIGTERM or SIGINT cuts the connections.\n"
    "SIGUSR1 prints statistics on standard error, as JSON.\n"
    "\n"
    "Exit status: 0 stopped, every connection has ended by itself; 1 could not listen\n"
    "or accept; 2 wrong option or variable; 3 connections were cut, or lines of the\n"
    "packet log were lost.\n";

static bool read_ip(struct options *options, const char *value)
{
    union net_address unused;

    options->server.ip = value;
    return address_parse(value, 0, &unused);
}

static bool read_port(struct options *options, const char *value)
{
    uint32_t port;

    if (!value_number(value, 0, UINT16_MAX, &port))
        return false;
    options->server.port = (uint16_t)port;
    return true;
}

static bool read_flag(bool *flag, const char *value)
{
    int word = value_word(
        value, (const char *const[]){"no", "yes", "0", "1", "false", "true", "off", "on", NULL});

    *flag = word % 2 == 1;
    return word >= 0;
}

static bool read_quiet(struct options *options, const char *value)
{
    return read_flag(&options->quiet, value);
}

static bool read_no_sandbox(struct options *options, const char *value)
{
    return read_flag(&options->no_sandbox, value);
}

static bool read_user(struct options *options, const char *value)
{
    options->user = value;
    for (; *value > ' ' && *value <= '~'; value++)
        continue;
    return *value == '\0' && value > options->user;
}

static bool read_max_line(struct options *options, const char *value)
{
    uint32_t size;

    if (!value_number(value, LINED_MAX_LINE_MIN, LINED_MAX_LINE_MAX, &size))
        return false;
    options->server.max_line = size;
    return true;
}

static bool read_long_line(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"split", "close", NULL});

    options->server.long_line = word == 1 ? LINED_LONG_CLOSE : LINED_LONG_SPLIT;
    return word >= 0;
}

static bool read_partial(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"drop", "deliver", NULL});

    options->server.partial = word == 1 ? LINED_PARTIAL_DELIVER : LINED_PARTIAL_DROP;
    return word >= 0;
}

static bool read_send_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.send_timeout_ms);
}

static bool read_idle_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.idle_timeout_ms);
}

static bool read_line_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.line_timeout_ms);
}

static bool read_session_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.session_timeout_ms);
}

static bool read_drain_timeout(struct options *options, const char *value)
{
    return value_seconds(value, &options->server.drain_timeout_ms);
}

static bool read_mode(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"passive", "active", NULL});

    options->server.mode = word == 1 ? LINED_ACTIVE : LINED_PASSIVE;
    return word >= 0;
}

static bool read_log_overflow(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"block", "drop", NULL});

    options->log_overflow = word == 1 ? LOG_DROP : LOG_BLOCK;
    return word >= 0;
}

static bool read_handler(struct options *options, const char *value)
{
    options->handler = value;
    return *value != '\0';
}

static bool read_busy_poll(struct options *options, const char *value)
{
    return value_number(value, 0, LINED_BUSY_POLL_MAX, &options->server.busy_poll_us);
}

static bool read_backlog(struct options *options, const char *value)
{
    uint32_t backlog;

    if (!value_number(value, 1, UINT16_MAX, &backlog))
        return false;
    options->server.backlog = (int)backlog;
    return true;
}

static bool read_max_connections(struct options *options, const char *value)
{
    uint32_t most;

    if (!value_number(value, 1, OPTIONS_CONNECTIONS_MAX, &most))
        return false;
    options->server.max_connections = most;
    return true;
}

static bool read_overflow(struct options *options, const char *value)
{
    int word = value_word(value, (const char *const[]){"wait", "reject", NULL});

    options->server.overflow = word == 1 ? LINED_OVERFLOW_REJECT : LINED_OVERFLOW_WAIT;
    return word >= 0;
}

static bool read_max_per_ip(struct options *options, const char *value)
{
    uint32_t most;

    if (!value_number(value, 0, OPTIONS_CONNECTIONS_MAX, &most))
        return false;
    options->server.max_per_ip = most;
    return true;
}

static bool read_accept_rate(struct options *options, const char *value)
{
    return value_number(value, 0, 1000000, &options->server.accept_rate);
}

const struct setting settings[] = {
    {"--ip", 'i', false, "LINED_IP", "an IPv4 or IPv6 address, such as 127.0.0.1 or ::1", read_ip},
    {"--port", 'p', false, "LINED_PORT", "a number from 0 to 65535", read_port},
    {"--quiet", 'q', true, "LINED_QUIET", "yes or no", read_quiet},
    {"--log-overflow", 0, false, "LINED_LOG_OVERFLOW", "block or drop", read_log_overflow},
    {"--handler", 'H', false, "LINED_HANDLER", "received, chat, kv, or the file of a module",
     read_handler},
    {"--mode", 0, false, "LINED_MODE", "passive or active", read_mode},
    {"--max-line", 0, false, "LINED_MAX_LINE", "a number of bytes from 16 to 1048576",
     read_max_line},
    {"--long-line", 0, false, "LINED_LONG_LINE", "split or close", read_long_line},
    {"--partial", 0, false, "LINED_PARTIAL", "drop or deliver", read_partial},
    {"--send-timeout", 0, false, "LINED_SEND_TIMEOUT", "a number of seconds from 0 to 1000000",
     read_send_timeout},
    {"--idle-timeout", 0, false, "LINED_IDLE_TIMEOUT", "a number of seconds from 0 to 1000000",
     read_idle_timeout},
    {"--line-timeout", 0, false, "LINED_LINE_TIMEOUT", "a number of seconds from 0 to 1000000",
     read_line_timeout},
    {"--session-timeout", 0, false, "LINED_SESSION_TIMEOUT",
     "a number of seconds from 0 to 1000000", read_session_timeout},
    {"--drain-timeout", 0, false, "LINED_DRAIN_TIMEOUT", "a number of seconds from 0 to 1000000",
     read_drain_timeout},
    {"--backlog", 0, false, "LINED_BACKLOG", "a number from 1 to 65535", read_backlog},
    {"--busy-poll", 0, false, "LINED_BUSY_POLL", "a number of microseconds from 0 to 10000",
     read_busy_poll},
    {"--user", 0, false, "LINED_USER", "the name of a user", read_user},
    {"--no-sandbox", 0, true, "LINED_NO_SANDBOX", "yes or no", read_no_sandbox},
    {"--max-connections", 0, false, "LINED_MAX_CONNECTIONS", "a number from 1 to 16777216",
     read_max_connections},
    {"--overflow", 0, false, "LINED_OVERFLOW", "wait or reject", read_overflow},
    {"--max-per-ip", 0, false, "LINED_MAX_PER_IP", "a number from 0 to 16777216", read_max_per_ip},
    {"--accept-rate", 0, false, "LINED_ACCEPT_RATE", "a number from 0 to 1000000",
     read_accept_rate},
    {.name = NULL},
};

_Static_assert(sizeof(settings) / sizeof(settings[0]) <= SETTINGS_MAX + 1, "SETTINGS_MAX rows");
