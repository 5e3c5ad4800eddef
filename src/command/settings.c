#include "settings.h"

#include "base/values.h"
#include "net/address.h"

#include <stdint.h>

const char options_help[] =
    "Usage: lined [OPTION]...\n"
    "Serve lines over TCP: each line a client sends is printed, and answered\n"
    "\"Received: LINE\".\n"
    "\n"
    "  -i, --ip ADDR              IPv4 or IPv6 address (default 127.0.0.1)\n"
    "  -p, --port PORT            port; 0 lets the kernel choose (default 1234)\n"
    "  -q, --quiet                print no packet log\n"
    "      --log-overflow block|drop\n"
    "                             what is done when the packet log is not read fast\n"
    "                             enough: clients wait, or log lines are dropped and\n"
    "                             counted (default block)\n"
    "  -H, --handler NAME|FILE.so what is done with lines: received, chat or kv, or\n"
    "                             a module (default received)\n"
    "      --mode passive|active  whether each connection's thread does it, or one\n"
    "                             thread for all (default passive)\n"
    "      --max-line BYTES       longest line, its LF counted, 16 to 1048576\n"
    "                             (default 1460)\n"
    "      --long-line split|close\n"
    "                             what a longer line gets: it is split into pieces,\n"
    "                             or its connection is closed (default split)\n"
    "      --partial drop|deliver\n"
    "                             what an unfinished line at end of file gets\n"
    "                             (default drop)\n"
    "      --send-timeout SECONDS\n"
    "                             close a connection when its client takes nothing\n"
    "                             of its replies for SECONDS; 0 waits for ever\n"
    "                             (default 30)\n"
    "      --idle-timeout SECONDS\n"
    "                             close a connection when its client sends nothing\n"
    "                             for SECONDS; 0 waits for ever (default 0)\n"
    "      --line-timeout SECONDS\n"
    "                             close a connection when its client has not\n"
    "                             finished a line within SECONDS; 0 waits for ever\n"
    "                             (default 0)\n"
    "      --session-timeout SECONDS\n"
    "                             close a connection after SECONDS (default 0: never)\n"
    "      --drain-timeout SECONDS\n"
    "                             how long a stop waits for connections to end\n"
    "                             (default 5)\n"
    "      --backlog N            how many may wait to be accepted (default 4096)\n"
    "      --busy-poll MICROSECONDS\n"
    "                             how long to poll for the next line before the\n"
    "                             thread sleeps; 0 sleeps at once (default 50)\n"
    "      --user NAME            become this user for good, once the port is open\n"
    "      --no-sandbox           stay able to open files and to make any system\n"
    "                             call\n"
    "      --max-connections N    how many may be connected at a time (default: as\n"
    "                             many as descriptors, threads and memory suffice\n"
    "                             for, less a reserve)\n"
    "      --overflow wait|reject\n"
    "                             what more clients get: they wait in the backlog,\n"
    "                             or are told \"Server busy\" and closed (default\n"
    "                             wait)\n"
    "      --max-per-ip N         how many of one address may be connected at a\n"
    "                             time; 0 is no limit (default 0)\n"
    "      --accept-rate N        how many are accepted a second, the others wait; 0\n"
    "                             is no limit (default 0)\n"
    "  -h, --help                 show this help and exit\n"
    "  -V, --version              show the version and exit\n"
    "\n"
    "Each option but the last two can be set in the environment as well: LINED_PORT\n"
    "for --port, LINED_MAX_LINE for --max-line, LINED_QUIET=yes for --quiet. Options\n"
    "win; an empty variable counts as not set. Seconds may have decimals.\n"
    "Standard output carries the packet log and nothing else.\n"
    "SIGTERM, SIGINT and SIGHUP drain: what was received is answered, then lined\n"
    "exits. A second signal cuts at once. SIGUSR1 prints statistics on standard\n"
    "error, as JSON.\n"
    "\n"
    "Exit status: 0 stopped and drained; 1 could not serve; 2 bad usage; 3\n"
    "connections were cut, or lines of the packet log were lost.\n";

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

    if (!value_number(value, 1, OPTIONS_CONNECTIONS_MOST, &most))
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

    if (!value_number(value, 0, OPTIONS_CONNECTIONS_MOST, &most))
        return false;
    options->server.max_per_ip = most;
    return true;
}

static bool read_accept_rate(struct options *options, const char *value)
{
    return value_number(value, 0, 1000000, &options->server.accept_rate);
}

const struct setting settings[] = {
    {"--ip", 'i', false, "LINED_IP", "an IPv4 or IPv6 address in digits", read_ip},
    {"--port", 'p', false, "LINED_PORT", "a whole number from 0 to 65535", read_port},
    {"--quiet", 'q', true, "LINED_QUIET", "yes or no", read_quiet},
    {"--log-overflow", 0, false, "LINED_LOG_OVERFLOW", "block or drop", read_log_overflow},
    {"--handler", 'H', false, "LINED_HANDLER", "received, chat, kv, or a module's file",
     read_handler},
    {"--mode", 0, false, "LINED_MODE", "passive or active", read_mode},
    {"--max-line", 0, false, "LINED_MAX_LINE", "a whole number of bytes from 16 to 1048576",
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
    {"--backlog", 0, false, "LINED_BACKLOG", "a whole number from 1 to 65535", read_backlog},
    {"--busy-poll", 0, false, "LINED_BUSY_POLL", "a whole number of microseconds from 0 to 10000",
     read_busy_poll},
    {"--user", 0, false, "LINED_USER", "a user's name", read_user},
    {"--no-sandbox", 0, true, "LINED_NO_SANDBOX", "yes or no", read_no_sandbox},
    {"--max-connections", 0, false, "LINED_MAX_CONNECTIONS", "a whole number from 1 to 16777216",
     read_max_connections},
    {"--overflow", 0, false, "LINED_OVERFLOW", "wait or reject", read_overflow},
    {"--max-per-ip", 0, false, "LINED_MAX_PER_IP", "a whole number from 0 to 16777216",
     read_max_per_ip},
    {"--accept-rate", 0, false, "LINED_ACCEPT_RATE", "a whole number from 0 to 1000000",
     read_accept_rate},
};

_Static_assert(sizeof(settings) / sizeof(settings[0]) == SETTINGS, "SETTINGS counts the rows");
